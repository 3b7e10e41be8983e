package duckdb

import (
	"database/sql"
	"database/sql/driver"
	"fmt"

	driverpkg "github.com/duckdb/duckdb-go/v2"

	"playbook/runner/query/trino"
)

// rowFunction is a function of package trino as one of DuckDB's.
type rowFunction struct{ trino.Native }

var driverTypes = map[string]driverpkg.Type{"boolean": driverpkg.TYPE_BOOLEAN, "bigint": driverpkg.TYPE_BIGINT, "real": driverpkg.TYPE_FLOAT,
	"double": driverpkg.TYPE_DOUBLE, "varchar": driverpkg.TYPE_VARCHAR, "varbinary": driverpkg.TYPE_BLOB}

func (f rowFunction) Config() driverpkg.ScalarFuncConfig {
	config := driverpkg.ScalarFuncConfig{ResultTypeInfo: mustType(driverTypes[f.Returns.Name])}
	for _, t := range f.Takes {
		config.InputTypeInfos = append(config.InputTypeInfos, mustType(driverTypes[t.Name]))
	}
	return config
}

func (f rowFunction) Executor() driverpkg.ScalarFuncExecutor {
	return driverpkg.ScalarFuncExecutor{RowExecutor: func(values []driver.Value) (any, error) {
		arguments := make([]any, len(values))
		for i, value := range values {
			arguments[i] = value
		}
		return f.Do(arguments)
	}}
}

// mustType is for types without parameters, of which none can fail.
func mustType(kind driverpkg.Type) driverpkg.TypeInfo {
	t, err := driverpkg.NewTypeInfo(kind)
	if err != nil {
		panic(err)
	}
	return t
}

const varchar = driverpkg.TYPE_VARCHAR

func registerFunctions(conn *sql.Conn) error {
	for _, f := range trino.Natives() {
		if err := driverpkg.RegisterScalarUDF(conn, f.Name, rowFunction{f}); err != nil {
			return fmt.Errorf("register %s: %w", f.Name, err)
		}
	}
	return nil
}
