package store

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"fdescrow"
	"fdescrow/storetest"
)

// fixture opens databases in files, by a driver.
func fixture(t *testing.T, driver, parameters string) fdescrow.StoreFixture {
	folder, number, ahead := t.TempDir(), 0, time.Duration(0)
	return fdescrow.StoreFixture{
		Open: func(again bool) (fdescrow.Store, error) {
			if !again {
				number++
			}
			database, err := sql.Open(driver, fmt.Sprintf("file:%s?%s", filepath.Join(folder, fmt.Sprint(number)), parameters))
			if err != nil {
				return nil, err
			}
			t.Cleanup(func() { database.Close() })
			return New(database, func() time.Time { return time.Now().Add(ahead) })
		},
		Wait: func(passed time.Duration) { ahead += passed },
	}
}

func TestItKeepsEveryPromiseOnSQLiteInGo(t *testing.T) {
	storetest.Run(t, fixture(t, "sqlite", "_pragma=busy_timeout(60000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)"))
}
