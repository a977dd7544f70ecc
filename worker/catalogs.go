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
	"slices"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
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

// catalogChunk is how much of a catalog one message of the object store holds.
const catalogChunk = 128 << 10

// StoreCatalog is PutCatalog for the desk, which may publish an object's messages and ask the server nothing: the parts,
// then the object that names them (ADR-20 of NATS).
func StoreCatalog(ctx context.Context, desk *Conn, network string, yaml []byte) (string, error) {
	hash, bucket, id := CatalogHash(yaml), CatalogsBucket(network), nuid.Next()
	object := jetstream.ObjectInfo{
		ObjectMeta: jetstream.ObjectMeta{Name: hash, Opts: &jetstream.ObjectMetaOptions{ChunkSize: catalogChunk}},
		Bucket:     bucket, NUID: id, Size: uint64(len(yaml)),
	}
	for part := range slices.Chunk(yaml, catalogChunk) {
		if _, err := desk.Publish(ctx, &nats.Msg{Subject: "$O." + bucket + ".C." + id, Data: part}); err != nil {
			return "", fmt.Errorf("store catalog of %s: %w", network, err)
		}
		object.Chunks++
	}
	sum := sha256.Sum256(yaml)
	object.Digest = "SHA-256=" + base64.URLEncoding.EncodeToString(sum[:])
	data, err := json.Marshal(object)
	if err != nil {
		return "", err
	}
	_, err = desk.Publish(ctx, &nats.Msg{
		Subject: "$O." + bucket + ".M." + base64.URLEncoding.EncodeToString([]byte(hash)), Data: data,
		Header: nats.Header{jetstream.MsgRollup: {jetstream.MsgRollupSubject}},
	})
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
