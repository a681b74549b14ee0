package config

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// What holds for a Config that a program fills in, rather than Load.

func TestFieldsThatAProgramSetsAreChecked(t *testing.T) {
	for want, set := range map[string]func(*Config){
		"port: want a port":                  func(c *Config) { c.Port = 0 },
		"sync_interval: want a duration":     func(c *Config) { c.SyncInterval = -time.Second },
		"registration: want one of directed": func(c *Config) { c.Registration = "" },
		"max_calls: want a whole number":     func(c *Config) { c.MaxCalls = -1 },
		"https: want one of off, proxy, on":  func(c *Config) { c.HTTPS = "yes" },
		"blacklist: ":                        func(c *Config) { c.Blacklist = []string{"no such thing"} },
		"listen: want host:port":             func(c *Config) { c.Listen = "4000" },
		"max_body: want a size with a unit":  func(c *Config) { c.MaxBody = 0 },
	} {
		c := Defaults()
		set(c)
		if err := c.Resolve(someIP); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestAProgramMayNameAPasswordFile(t *testing.T) {
	c := Defaults()
	c.Username, c.PasswordFile = "u", filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(c.PasswordFile, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := c.Resolve(someIP); err != nil || c.Password != "secret" {
		t.Errorf("the password is %q, %v", c.Password, err)
	}
}

func TestResolvingTwiceIsResolvingOnce(t *testing.T) {
	password := write(t, "password", "secret\n")
	c, err := load(t, "password_file: "+password+"\nusername: u\nport: 4001\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Resolve(someIP); err != nil {
		t.Fatal(err)
	}
	once := c.Settings()
	if err := c.Resolve(someIP); err != nil || !slices.Equal(c.Settings(), once) {
		t.Errorf("%v: %v, want %v", err, c.Settings(), once)
	}
}

func TestACloneSharesNothing(t *testing.T) {
	c, err := load(t, "bootstrap: [localhost:1]\nblacklist: [192.0.2.1]\ntrusted_proxies: [10.0.0.0/8]\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	before := c.Settings()
	other := c.Clone()
	if !slices.Equal(other.Settings(), before) {
		t.Errorf("the clone is %v, want %v", other.Settings(), before)
	}
	other.Bootstrap[0], other.Blacklist[0] = "localhost:2", "192.0.2.2"
	other.TrustedProxies[0] = netip.MustParsePrefix("172.16.0.0/12")
	other.Take(Defaults())
	if !slices.Equal(c.Settings(), before) {
		t.Errorf("the original became %v, want %v", c.Settings(), before)
	}
}
