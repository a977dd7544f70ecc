package worker

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/nats-io/nkeys"
)

// Keys is a folder of nkey seeds, one file a user, each of mode 0600 in folders of mode 0700:
//
//	admin.nk  worker.nk  <network>/_coordinator.nk  <network>/_delivery.nk  <network>/_desk.nk  <network>/_desk-reader.nk  <network>/<source>.nk
//
// A file that is there is used as it is, so credentials survive restarts; remove one to have a new key made.
type Keys string

// Path of the user's seed, as `nats --nkey` takes it.
func (k Keys) Path(u User) string {
	switch u.Role {
	case RoleSource:
		return filepath.Join(string(k), u.Network, u.Source+".nk")
	case RoleCoordinator, RoleDelivery, RoleDeskReader, RoleDesk:
		return filepath.Join(string(k), u.Network, "_"+string(u.Role)+".nk")
	}
	return filepath.Join(string(k), string(u.Role)+".nk")
}

// Networks that have a coordinator's key here, by name.
func (k Keys) Networks() ([]string, error) {
	files, err := filepath.Glob(k.Path(User{Role: RoleCoordinator, Network: "*"}))
	for i, file := range files {
		files[i] = filepath.Base(filepath.Dir(file))
	}
	return files, err
}

// Ensure makes the missing keys of these users.
func (k Keys) Ensure(users []User) error {
	for _, u := range users {
		if _, err := k.Public(u); err == nil {
			continue
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := k.create(u); err != nil {
			return fmt.Errorf("key of %s: %w", u, err)
		}
	}
	return nil
}

func (k Keys) create(u User) error {
	pair, err := nkeys.CreateUser()
	if err != nil {
		return err
	}
	defer pair.Wipe()
	seed, err := pair.Seed()
	if err != nil {
		return err
	}
	path := k.Path(u)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return writeFileSync(path, append(seed, '\n'), 0o600)
}

// Public is the user's public nkey ("U...").
func (k Keys) Public(u User) (string, error) {
	path := k.Path(u)
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("key file %s can be read by others: chmod 600 it", path)
	}
	seed, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	pair, err := nkeys.FromSeed(bytes.TrimSpace(seed))
	if err != nil {
		return "", fmt.Errorf("key file %s holds no nkey seed: %w", path, err)
	}
	defer pair.Wipe()
	return pair.PublicKey()
}

// writeFileSync writes a whole new file or none: a crash leaves no half-written one behind.
func writeFileSync(path string, data []byte, mode fs.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
