//go:build linux

package harness

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

const containerEnv = "EKS_LATTICE_HARNESS_CONTAINER"

// process describes one process of a container.
type process struct {
	Netns        string
	Hostname     string // empty keeps the machine's
	Root         string // an empty directory, the mount point of the root file system
	Binds        []bind
	Files        map[string]string // small files of the root file system
	Argv, Env    []string
	UID, GID     int
	Caps         []string // all others are dropped
	NoNewPrivs   bool
	ReadOnlyRoot bool
}

type bind struct{ Source, Target string }

var capabilities = map[string]int{
	"CHOWN": unix.CAP_CHOWN, "DAC_OVERRIDE": unix.CAP_DAC_OVERRIDE, "FOWNER": unix.CAP_FOWNER,
	"FSETID": unix.CAP_FSETID, "KILL": unix.CAP_KILL, "MKNOD": unix.CAP_MKNOD,
	"NET_ADMIN": unix.CAP_NET_ADMIN, "NET_BIND_SERVICE": unix.CAP_NET_BIND_SERVICE, "NET_RAW": unix.CAP_NET_RAW,
	"SETFCAP": unix.CAP_SETFCAP, "SETGID": unix.CAP_SETGID, "SETPCAP": unix.CAP_SETPCAP,
	"SETUID": unix.CAP_SETUID, "SYS_CHROOT": unix.CAP_SYS_CHROOT, "AUDIT_WRITE": unix.CAP_AUDIT_WRITE,
}

// defaultCaps are the capabilities that containerd gives a container by default
// (https://github.com/containerd/containerd/blob/main/pkg/oci/spec.go).
var defaultCaps = []string{
	"CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID", "SETFCAP", "SETPCAP",
	"NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE",
}

// Contained turns this process into a container's process if it was started as
// one. Programs that use the package must call it first.
func Contained() {
	raw := os.Getenv(containerEnv)
	if raw == "" {
		return
	}
	// The kernel keeps namespaces, users and capabilities for each thread; exec
	// gives this thread's to the process.
	runtime.LockOSThread()
	var p process
	err := json.Unmarshal([]byte(raw), &p)
	if err == nil {
		err = p.become()
	}
	fmt.Fprintln(os.Stderr, "starting a container:", err)
	os.Exit(127)
}

func (p *process) become() error {
	ns, err := unix.Open(p.Netns, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("opening the network namespace: %w", err)
	}
	if err := unix.Setns(ns, unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("entering the network namespace: %w", err)
	}
	if err := p.takeName(); err != nil {
		return err
	}
	if err := p.enterRoot(); err != nil {
		return err
	}
	if err := p.dropPrivileges(); err != nil {
		return err
	}
	path, err := p.lookPath()
	if err != nil {
		return err
	}
	return fmt.Errorf("executing %s: %w", path, unix.Exec(path, p.Argv, p.Env))
}

func (p *process) takeName() error {
	if p.Hostname == "" {
		return nil
	}
	if err := unix.Unshare(unix.CLONE_NEWUTS); err != nil {
		return fmt.Errorf("making a UTS namespace: %w", err)
	}
	if err := unix.Sethostname([]byte(p.Hostname)); err != nil {
		return fmt.Errorf("naming the pod: %w", err)
	}
	return nil
}

func (p *process) enterRoot() error {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("making a mount namespace: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("detaching mounts: %w", err)
	}
	if err := unix.Mount("tmpfs", p.Root, "tmpfs", 0, "mode=755"); err != nil {
		return fmt.Errorf("mounting the root file system: %w", err)
	}
	binds := []bind{{"/usr", "/usr"}, {"/proc", "/proc"}}
	for _, dev := range []string{"null", "zero", "full", "random", "urandom"} {
		binds = append(binds, bind{"/dev/" + dev, "/dev/" + dev})
	}
	for _, dir := range []string{"bin", "sbin", "lib", "lib64"} {
		if link, err := os.Readlink("/" + dir); err == nil {
			if err := os.Symlink(link, filepath.Join(p.Root, dir)); err != nil {
				return err
			}
		} else if _, err := os.Stat("/" + dir); err == nil {
			binds = append(binds, bind{"/" + dir, "/" + dir})
		}
	}
	mountAll := func(binds []bind) error {
		for _, b := range binds {
			if err := b.mount(p.Root); err != nil {
				return fmt.Errorf("mounting %s at %s: %w", b.Source, b.Target, err)
			}
		}
		return nil
	}
	if err := mountAll(binds); err != nil {
		return err
	}
	// The image's programs are in a folder that the machine's programs do not use.
	if err := unix.Mount("tmpfs", filepath.Join(p.Root, "usr/local"), "tmpfs", 0, "mode=755"); err != nil {
		return fmt.Errorf("mounting /usr/local: %w", err)
	}
	if err := mountAll(p.Binds); err != nil {
		return err
	}
	for name, content := range p.Files {
		path := filepath.Join(p.Root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Join(p.Root, "tmp"), 0o1777); err != nil {
		return err
	}
	if p.ReadOnlyRoot {
		if err := unix.Mount("", p.Root, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, ""); err != nil {
			return fmt.Errorf("making the root file system read-only: %w", err)
		}
	}
	if err := unix.Chroot(p.Root); err != nil {
		return err
	}
	return unix.Chdir("/")
}

// mount mounts everything from outside read-only.
func (b bind) mount(root string) error {
	target := filepath.Join(root, b.Target)
	info, err := os.Stat(b.Source)
	if err != nil {
		return err
	}
	if info.IsDir() {
		err = os.MkdirAll(target, 0o755)
	} else if err = os.MkdirAll(filepath.Dir(target), 0o755); err == nil {
		var f *os.File
		if f, err = os.OpenFile(target, os.O_CREATE|os.O_RDONLY, 0o644); err == nil {
			err = f.Close()
		}
	}
	if err != nil {
		return err
	}
	if err := unix.Mount(b.Source, target, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return err
	}
	if strings.HasPrefix(b.Target, "/dev/") {
		return nil
	}
	return unix.Mount("", target, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, "")
}

func (p *process) dropPrivileges() error {
	var keep uint64
	for _, name := range p.Caps {
		bit, ok := capabilities[name]
		if !ok {
			return fmt.Errorf("capability %q is not known", name)
		}
		keep |= 1 << bit
	}
	for bit := range 64 {
		if keep&(1<<bit) == 0 {
			if err := unix.Prctl(unix.PR_CAPBSET_DROP, uintptr(bit), 0, 0, 0); err != nil && !errors.Is(err, unix.EINVAL) {
				return fmt.Errorf("dropping capability %d: %w", bit, err)
			}
		}
	}
	// Raw calls, because the wrappers would change all threads.
	for _, c := range []struct {
		name          string
		trap, a, b, c uintptr
	}{
		{"setgroups", unix.SYS_SETGROUPS, 0, 0, 0},
		{"setresgid", unix.SYS_SETRESGID, uintptr(p.GID), uintptr(p.GID), uintptr(p.GID)},
		{"setresuid", unix.SYS_SETRESUID, uintptr(p.UID), uintptr(p.UID), uintptr(p.UID)},
	} {
		if _, _, errno := unix.RawSyscall(c.trap, c.a, c.b, c.c); errno != 0 {
			return fmt.Errorf("%s: %w", c.name, errno)
		}
	}
	if p.UID == 0 {
		header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		data := [2]unix.CapUserData{
			{Effective: uint32(keep), Permitted: uint32(keep)},
			{Effective: uint32(keep >> 32), Permitted: uint32(keep >> 32)},
		}
		if err := unix.Capset(&header, &data[0]); err != nil {
			return fmt.Errorf("capset: %w", err)
		}
	}
	if p.NoNewPrivs {
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			return fmt.Errorf("no_new_privs: %w", err)
		}
	}
	// After the change of user, which clears it.
	return unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0)
}

func (p *process) lookPath() (string, error) {
	name := p.Argv[0]
	if strings.Contains(name, "/") {
		return name, nil
	}
	for _, dir := range []string{"/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"} {
		if info, err := os.Stat(dir + "/" + name); err == nil && info.Mode()&0o111 != 0 {
			return dir + "/" + name, nil
		}
	}
	return "", fmt.Errorf("%s is not in the container", name)
}
