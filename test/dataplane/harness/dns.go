//go:build linux

package harness

import (
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/miekg/dns"
)

type resolver struct {
	names     map[string]string // CNAMEs of the private zone
	addresses map[string]string // what VPC Lattice publishes
}

// ServeDNS answers as the VPC's resolver does for an associated private zone.
func (z resolver) ServeDNS(w dns.ResponseWriter, q *dns.Msg) {
	m := new(dns.Msg)
	m.SetReply(q)
	m.Authoritative = true
	name := strings.ToLower(q.Question[0].Name)
	header := func(name string, t uint16) dns.RR_Header {
		return dns.RR_Header{Name: name, Rrtype: t, Class: dns.ClassINET, Ttl: 300}
	}
	found := false
	if target, ok := z.names[name]; ok {
		found = true
		m.Answer = append(m.Answer, &dns.CNAME{Hdr: header(name, dns.TypeCNAME), Target: target})
		name = target
	}
	if address, ok := z.addresses[name]; ok {
		found = true
		if q.Question[0].Qtype == dns.TypeA {
			m.Answer = append(m.Answer, &dns.A{Hdr: header(name, dns.TypeA), A: net.ParseIP(address)})
		}
	}
	if !found {
		m.SetRcode(q, dns.RcodeNameError)
	}
	_ = w.WriteMsg(m) // a client repeats its query when the answer is lost
}

type dnsCloser struct{ *dns.Server }

func (c dnsCloser) Close() error { return c.Shutdown() }

func (z resolver) serve(v *VPC) ([]io.Closer, error) {
	packets, err := v.ns.ListenPacket(resolverAddress + ":53")
	if err != nil {
		return nil, err
	}
	stream, err := v.ns.Listen(resolverAddress + ":53")
	if err != nil {
		return nil, err
	}
	var closers []io.Closer
	for _, s := range []*dns.Server{{PacketConn: packets, Handler: z}, {Listener: stream, Handler: z}} {
		started := make(chan struct{})
		s.NotifyStartedFunc = func() { close(started) }
		failed := make(chan error, 1)
		go func() { failed <- s.ActivateAndServe() }()
		select {
		case <-started:
		case err := <-failed:
			return nil, fmt.Errorf("serving DNS: %w", err)
		}
		closers = append(closers, dnsCloser{s})
	}
	return closers, nil
}
