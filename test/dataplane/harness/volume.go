//go:build linux

package harness

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// volume is a directory that changes as the kubelet changes ConfigMaps and
// projected volumes: all files are in a directory of their own, and renaming a
// link replaces that directory atomically
// (https://github.com/kubernetes/kubernetes/blob/master/pkg/volume/util/atomic_writer.go).
type volume struct{ dir string }

func newVolume(dir string, files map[string]string) (volume, error) {
	v := volume{dir}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return v, err
	}
	if err := v.write(files); err != nil {
		return v, err
	}
	for name := range files {
		if err := os.Symlink(filepath.Join("..data", name), filepath.Join(dir, name)); err != nil {
			return v, err
		}
	}
	return v, nil
}

func (v volume) write(files map[string]string) error {
	data, err := os.MkdirTemp(v.dir, "..data-")
	if err != nil {
		return err
	}
	if err := os.Chmod(data, 0o755); err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(data, name), []byte(content), 0o644); err != nil {
			return err
		}
	}
	link := filepath.Join(v.dir, "..data")
	old, readErr := os.Readlink(link)
	temporary := filepath.Join(v.dir, fmt.Sprintf("..tmp-%d", time.Now().UnixNano()))
	if err := os.Symlink(filepath.Base(data), temporary); err != nil {
		return err
	}
	if err := os.Rename(temporary, link); err != nil {
		return err
	}
	if errors.Is(readErr, os.ErrNotExist) {
		return nil
	}
	return os.RemoveAll(filepath.Join(v.dir, old))
}
