package config

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"

	"spreadable/internal/strictyaml"
)

// What options need of the machine: its addresses, and files.

// ErrMachine is wrapped by errors that are the machine's rather than an option's, and may
// be gone at another try: while a machine starts, its addresses come up one by one.
var ErrMachine = errors.New("the machine has no such address")

// machineError wraps ErrMachine without its text.
type machineError struct{ error }

func (machineError) Is(target error) bool { return target == ErrMachine }

// checkMachine says what files and addresses that the options name are missing.
func (c *Config) checkMachine() error {
	if c.HTTPS == HTTPSOn {
		if _, err := c.Certificate(); err != nil {
			return err
		}
	}
	if c.HTTPS != HTTPSOff {
		if _, err := c.Authorities(); err != nil {
			return err
		}
	}
	return c.checkSource()
}

// checkSource says that requests cannot come from the source address, because this
// machine has no such one.
func (c *Config) checkSource() error {
	if !c.Source.IsValid() {
		return nil
	}
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: c.Source.AsSlice()})
	switch {
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return c.blame(machineError{fmt.Errorf("%s is no address of this machine", c.Source)}, "source")
	case err == nil:
		conn.Close()
	}
	return nil // any other failure is about something else
}

// Certificate reads the node's own certificate, of the files that tls_cert and tls_key
// name.
func (c *Config) Certificate() (tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
	if err != nil {
		return pair, c.clash(fmt.Errorf("tls_cert %s, tls_key %s: %w", c.TLSCert, c.TLSKey, err), "tls_cert", "tls_key")
	}
	return pair, nil
}

// Authorities reads the certificates, in PEM, of the authorities that sign those of other
// nodes: the file that tls_ca names. It returns nil, which means the system's, if tls_ca
// is empty.
func (c *Config) Authorities() (*x509.CertPool, error) {
	if c.TLSCA == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(c.TLSCA)
	if err != nil {
		return nil, c.blame(strictyaml.FileError(c.TLSCA, err), "tls_ca")
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, c.blame(fmt.Errorf("%s: no certificate in PEM", c.TLSCA), "tls_ca")
	}
	return pool, nil
}

// LastIPv4 is the default hostname, as in the npm package: the last IPv4 of the machine's
// interfaces that is not a loopback one. Unlike the npm package, it asks no host on the
// internet.
func LastIPv4() (netip.Addr, error) {
	list, err := net.InterfaceAddrs()
	if err != nil {
		return netip.Addr{}, err
	}
	var last netip.Addr
	for _, a := range list {
		if n, ok := a.(*net.IPNet); ok {
			if ip, ok := netip.AddrFromSlice(n.IP); ok && ip.Unmap().Is4() && ip.Unmap().IsGlobalUnicast() {
				last = ip.Unmap()
			}
		}
	}
	if !last.IsValid() {
		return last, errors.New("this machine has no IPv4 address but loopback ones")
	}
	return last, nil
}
