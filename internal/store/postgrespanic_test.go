package store

import "testing"

// A panic while a row is read costs its transaction and its connection, and not the process.
func TestPanicWhileARowIsReadLosesItsConnectionOnly(t *testing.T) {
	w := newPostgresWriter(t)
	if err := w.begin(); err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic did not reach the caller")
			}
		}()
		_ = w.query("SELECT generate_series(1, 1000)", nil, func(values) bool { panic("a bug") })
	}()
	if err := w.commit(); err == nil {
		t.Error("the commit succeeded; want an error, because the answers before it were not read")
	}
	w.rollback()
	if err := w.begin(); err != nil {
		t.Fatal(err)
	}
	var n int64
	if found, err := first(
		w, "SELECT 7::bigint", nil, func(v values) { n = v.Int(0) },
	); err != nil || !found || n != 7 {
		t.Errorf("afterwards a question was answered %v, %d, %v; want 7", found, n, err)
	}
	w.rollback()
}
