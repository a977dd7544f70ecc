package worker

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"testing"
)

func TestCatalogsByHash(t *testing.T) {
	s := startTest(t)
	admin, worker := connectTest(t, s, User{Role: RoleAdmin}), connectTest(t, s, User{Role: RoleWorker})
	large := make([]byte, 700<<10) // more than one part of the object store
	random := rand.NewChaCha8([32]byte{})
	random.Read(large)
	for _, yaml := range [][]byte{[]byte("network: north\n"), large, {}} {
		hash, err := PutCatalog(t.Context(), admin, "north", yaml)
		if err != nil || hash != CatalogHash(yaml) {
			t.Fatalf("put %d bytes: %s, %v", len(yaml), hash, err)
		}
		if again, err := PutCatalog(t.Context(), admin, "north", yaml); err != nil || again != hash {
			t.Errorf("put again: %s, %v", again, err)
		}
		if got, err := GetCatalog(t.Context(), worker, "north", hash); err != nil || !bytes.Equal(got, yaml) {
			t.Errorf("get %d bytes: %d bytes, %v", len(yaml), len(got), err)
		}
	}
	if _, err := GetCatalog(t.Context(), worker, "north", CatalogHash([]byte("other"))); !errors.Is(err, ErrNoCatalog) {
		t.Errorf("a catalog that is not there: %v", err)
	}
	short, cancel := context.WithTimeout(t.Context(), refusedMax)
	defer cancel()
	if _, err := PutCatalog(short, worker, "north", []byte("by the worker")); err == nil {
		t.Error("the worker stored a catalog")
	}
}

func TestCatalogsOfTheDesk(t *testing.T) {
	s := startTest(t)
	admin, desk := connectTest(t, s, User{Role: RoleAdmin}), connectTest(t, s, User{Role: RoleDesk, Network: "north"})
	reader := connectTest(t, s, User{Role: RoleDeskReader, Network: "north"})
	large := make([]byte, 300<<10)
	random := rand.NewChaCha8([32]byte{})
	random.Read(large)
	for _, yaml := range [][]byte{[]byte("network: north\n"), large, []byte("network: north\n")} {
		hash, err := StoreCatalog(t.Context(), desk, "north", yaml)
		if err != nil || hash != CatalogHash(yaml) {
			t.Fatalf("store %d bytes: %s, %v", len(yaml), hash, err)
		}
		if got, err := GetCatalog(t.Context(), reader, "north", hash); err != nil || !bytes.Equal(got, yaml) {
			t.Errorf("get %d bytes: %d bytes, %v", len(yaml), len(got), err)
		}
		store, err := admin.JS.ObjectStore(t.Context(), CatalogsBucket("north"))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := store.GetBytes(t.Context(), hash); err != nil || !bytes.Equal(got, yaml) {
			t.Errorf("the client library gets %d bytes of %d: %v", len(got), len(yaml), err)
		}
	}
	short, cancel := context.WithTimeout(t.Context(), refusedMax)
	defer cancel()
	if _, err := StoreCatalog(short, desk, "south", []byte("network: south\n")); err == nil {
		t.Error("the desk of north stored a catalog of south")
	}
}

func TestDamagedCatalogIsNotReturned(t *testing.T) {
	s := startTest(t)
	admin := connectTest(t, s, User{Role: RoleAdmin})
	store, err := admin.JS.ObjectStore(t.Context(), CatalogsBucket("north"))
	if err != nil {
		t.Fatal(err)
	}
	hash := CatalogHash([]byte("right"))
	if _, err := store.PutString(t.Context(), hash, "wrong"); err != nil {
		t.Fatal(err)
	}
	if got, err := GetCatalog(t.Context(), admin, "north", hash); err == nil || errors.Is(err, ErrNoCatalog) {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := PutCatalog(t.Context(), admin, "north", []byte("right")); err != nil {
		t.Fatal(err)
	}
	if got, err := GetCatalog(t.Context(), admin, "north", hash); err != nil || string(got) != "right" {
		t.Errorf("after it is applied again: %q, %v", got, err)
	}
}
