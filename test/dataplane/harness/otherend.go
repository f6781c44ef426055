//go:build linux

package harness

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"time"
)

// Echo is what the harness's server answers at /echo.
type Echo struct {
	Method, URI, Host string
	Length            int64 // of the body that was read
	Declared          int64 // -1 for a chunked body
	SHA256            string
	Header            map[string][]string
}

// otherEndAddress is where a demo pod has the harness's server, beside its application.
const otherEndAddress = "127.0.0.1:18090"

// otherEnd answers with what it received of a request. VPC Lattice routes the
// paths below to it, and all others to the application.
func otherEnd() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("/echo/", func(w http.ResponseWriter, r *http.Request) {
		h := sha256.New()
		n, err := io.Copy(h, r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		header := map[string][]string{}
		for k, v := range r.Header {
			// Answers and logs get nothing that could be a secret.
			if strings.HasPrefix(k, "X-Test-") || k == "User-Agent" || k == "Expect" {
				header[k] = v
			}
		}
		w.Header().Set("Server", "demo")
		_ = json.NewEncoder(w).Encode(Echo{
			Method: r.Method, URI: r.RequestURI, Host: r.Host, Length: n, Declared: r.ContentLength,
			SHA256: hex.EncodeToString(h.Sum(nil)), Header: header,
		})
	})
	mux.HandleFunc("/stream/", func(w http.ResponseWriter, r *http.Request) {
		c := http.NewResponseController(w)
		_ = c.EnableFullDuplex()
		w.WriteHeader(http.StatusOK)
		_ = c.Flush()
		buf := make([]byte, 4096)
		for {
			n, err := r.Body.Read(buf)
			if _, werr := w.Write(buf[:n]); werr != nil || c.Flush() != nil || err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/reset/", func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = conn.Close()
	})
	return mux
}

func serve(l net.Listener, h http.Handler, silent *log.Logger) io.Closer {
	s := &http.Server{Handler: h, ErrorLog: silent, ReadHeaderTimeout: time.Minute}
	go func() { _ = s.Serve(l) }() // ends with Close
	return s
}
