//go:build linux

package harness

import (
	"context"
	"fmt"
	"net"
	"os"
	"runtime"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
)

// Namespace is a network namespace. It exists until it is closed.
type Namespace struct {
	fd netns.NsHandle
	// Handle is netlink in this namespace.
	*netlink.Handle
}

// NewNamespace creates an empty namespace with its loopback interface up.
func NewNamespace() (*Namespace, error) {
	type result struct {
		fd  netns.NsHandle
		err error
	}
	done := make(chan result)
	go func() {
		// The thread is never unlocked, so the runtime ends it together with the
		// goroutine and no other goroutine runs in this namespace.
		runtime.LockOSThread()
		fd, err := netns.New()
		done <- result{fd, err}
	}()
	m := <-done
	if m.err != nil {
		return nil, fmt.Errorf("creating a network namespace: %w", m.err)
	}
	h, err := netlink.NewHandleAt(m.fd)
	if err != nil {
		return nil, fmt.Errorf("opening netlink in a new namespace: %w", err)
	}
	n := &Namespace{fd: m.fd, Handle: h}
	lo, err := n.LinkByName("lo")
	if err != nil {
		return nil, err
	}
	return n, n.LinkSetUp(lo)
}

// Path names the namespace for other processes.
func (n *Namespace) Path() string { return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), int(n.fd)) }

// Close deletes the namespace with its interfaces.
func (n *Namespace) Close() {
	n.Handle.Close()
	_ = n.fd.Close()
}

// Do runs f on a thread in the namespace. The sockets that f opens stay in the
// namespace after it returns.
func (n *Namespace) Do(f func() error) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		if err := netns.Set(n.fd); err != nil {
			done <- fmt.Errorf("entering a network namespace: %w", err)
			return
		}
		done <- f()
	}()
	return <-done
}

// Listen listens on a TCP address of the namespace.
func (n *Namespace) Listen(address string) (l net.Listener, err error) {
	err = n.Do(func() error {
		l, err = net.Listen("tcp4", address)
		return err
	})
	return l, err
}

// ListenPacket listens on a UDP address of the namespace.
func (n *Namespace) ListenPacket(address string) (c net.PacketConn, err error) {
	err = n.Do(func() error {
		c, err = net.ListenPacket("udp4", address)
		return err
	})
	return c, err
}

// DialContext connects from the namespace to an IPv4 address, not a name.
func (n *Namespace) DialContext(ctx context.Context, _, address string) (net.Conn, error) {
	return n.dial(ctx, &net.Dialer{}, address)
}

// dialFrom connects from one of the namespace's addresses.
func (n *Namespace) dialFrom(ctx context.Context, source, address string) (net.Conn, error) {
	return n.dial(ctx, &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(source)}}, address)
}

func (n *Namespace) dial(ctx context.Context, d *net.Dialer, address string) (c net.Conn, err error) {
	err = n.Do(func() error {
		c, err = d.DialContext(ctx, "tcp4", address)
		return err
	})
	return c, err
}

// AddAddress adds an address such as "10.0.0.2/32" to an interface, if it does not
// have it.
func (n *Namespace) AddAddress(link, cidr string) error {
	addr, err := netlink.ParseAddr(cidr)
	if err != nil {
		return err
	}
	l, err := n.LinkByName(link)
	if err != nil {
		return err
	}
	if err := n.AddrReplace(l, addr); err != nil {
		return fmt.Errorf("adding %s to %s: %w", cidr, link, err)
	}
	return nil
}
