package worker

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
)

// ErrNoCatalog: the network's object store has no catalog of this hash.
var ErrNoCatalog = errors.New("no such catalog")

// CatalogHash names a catalog by its content: "sha256-<64 hex digits>".
func CatalogHash(yaml []byte) string {
	sum := sha256.Sum256(yaml)
	return "sha256-" + hex.EncodeToString(sum[:])
}

// PutCatalog stores a catalog under its hash and returns the hash. It needs the admin. Storing the same again
// changes nothing.
func PutCatalog(ctx context.Context, conn *Conn, network string, yaml []byte) (string, error) {
	hash := CatalogHash(yaml)
	if have, err := GetCatalog(ctx, conn, network, hash); err == nil && bytes.Equal(have, yaml) {
		return hash, nil
	}
	store, err := conn.JS.ObjectStore(ctx, CatalogsBucket(network))
	if err == nil {
		_, err = store.Put(ctx, jetstream.ObjectMeta{Name: hash}, bytes.NewReader(yaml))
	}
	if err != nil {
		return "", fmt.Errorf("store catalog of %s: %w", network, err)
	}
	return hash, nil
}

// GetCatalog returns the catalog of this hash, checked against it, or ErrNoCatalog. It reads the object's parts with
// direct gets: the object store's own reader makes a consumer, which the worker may not.
func GetCatalog(ctx context.Context, conn *Conn, network, hash string) ([]byte, error) {
	stream, bucket := catalogsStream(network), CatalogsBucket(network)
	meta, err := readLast(ctx, conn.Conn, stream, "$O."+bucket+".M."+base64.URLEncoding.EncodeToString([]byte(hash)))
	if errors.Is(err, ErrNotStored) {
		return nil, fmt.Errorf("%s of %s: %w", hash, network, ErrNoCatalog)
	}
	if err != nil {
		return nil, err
	}
	var object jetstream.ObjectInfo
	if err := json.Unmarshal(meta.Data, &object); err != nil {
		return nil, fmt.Errorf("catalog %s of %s: %w", hash, network, err)
	}
	if object.Deleted {
		return nil, fmt.Errorf("%s of %s: %w", hash, network, ErrNoCatalog)
	}
	yaml := make([]byte, 0, object.Size)
	for from := uint64(1); uint64(len(yaml)) < object.Size; {
		parts, err := readDirect(ctx, conn.Conn, stream, from, readChunk, "$O."+bucket+".C."+object.NUID)
		if err != nil {
			return nil, err
		}
		if len(parts) == 0 {
			break // the hash below tells
		}
		for _, part := range parts {
			yaml = append(yaml, part.Data...)
			from = part.Sequence + 1
		}
	}
	if CatalogHash(yaml) != hash {
		return nil, fmt.Errorf("catalog %s of %s is damaged: its content does not have that hash; apply it again", hash, network)
	}
	return yaml, nil
}
