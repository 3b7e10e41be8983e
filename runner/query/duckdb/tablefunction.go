package duckdb

/*
typedef void (*playbook_one)(void *);
typedef void (*playbook_two)(void *, void *);

void playbook_scan_bind(void *info);
void playbook_scan_begin(void *info);
void playbook_scan_begin_thread(void *info);
void playbook_scan_fill(void *info, void *chunk);
void playbook_scan_forget(void *kept);
*/
import "C"

import (
	"database/sql"
	"errors"
	"reflect"
	"runtime"
	"runtime/cgo"
	"sync/atomic"
	"unsafe"

	driverpkg "github.com/duckdb/duckdb-go/v2"
	"github.com/duckdb/duckdb-go/v2/mapping"
)

// scanFunction gives queries what was loaded: SELECT … FROM playbook_scan('name', ”), or
// with choices in the place of ” (see narrowing) what of it can matter. Views in the
// scratch database are made of it; the gate keeps queries from calling it.
//
// It is a table function of DuckDB's like those that the driver lets one write, with two
// differences: it fills whole columns, where the driver hands over value by value (some
// 40 ns each, against 1 to 2), and it does not have the driver ask eight things of each
// column of each chunk, which took a seventh of the time of a query.
const scanFunction = "playbook_scan"

// registerScan makes the function known. The driver does not show the connection that
// DuckDB's C interface wants; a driver that keeps it elsewhere is found out here.
func (e *Engine) registerScan(conn *sql.Conn) error {
	return conn.Raw(func(raw any) error {
		field := reflect.Indirect(reflect.ValueOf(raw)).FieldByName("conn")
		if !field.IsValid() || field.Type() != reflect.TypeFor[mapping.Connection]() || driverpkg.GetDataChunkCapacity() != chunkRows {
			return errors.New("this version of DuckDB's driver keeps its connection in another way; see tablefunction.go")
		}
		connection := mapping.Connection{Ptr: field.FieldByName("Ptr").UnsafePointer()}
		f := mapping.CreateTableFunction()
		defer mapping.DestroyTableFunction(&f)
		name := mapping.CreateLogicalType(mapping.TypeVarchar)
		defer mapping.DestroyLogicalType(&name)
		mapping.TableFunctionSetName(f, scanFunction)
		mapping.TableFunctionAddParameter(f, name) // of the load
		mapping.TableFunctionAddParameter(f, name) // the choices
		mapping.TableFunctionSupportsProjectionPushdown(f, true)
		mapping.TableFunctionSetExtraInfo(f, keep(e), forget)
		mapping.TableFunctionSetBind(f, unsafe.Pointer(C.playbook_one(C.playbook_scan_bind)))
		mapping.TableFunctionSetInit(f, unsafe.Pointer(C.playbook_one(C.playbook_scan_begin)))
		mapping.TableFunctionSetLocalInit(f, unsafe.Pointer(C.playbook_one(C.playbook_scan_begin_thread)))
		mapping.TableFunctionSetFunction(f, unsafe.Pointer(C.playbook_two(C.playbook_scan_fill)))
		if mapping.RegisterTableFunction(connection, f) == mapping.StateError {
			return errors.New("DuckDB does not take the function that reads loaded logs")
		}
		return nil
	})
}

// kept is a value of Go's that DuckDB holds on to.
type kept struct {
	value  any
	pinner runtime.Pinner
}

// keep gives what DuckDB can hold in place of a value, until it calls forget: a pinned
// handle, apart from everything else, so that C never sees a pointer into Go's memory
// with more pointers in it.
func keep(value any) unsafe.Pointer {
	k, handle := &kept{value: value}, new(cgo.Handle)
	k.pinner.Pin(handle)
	*handle = cgo.NewHandle(k)
	return unsafe.Pointer(handle)
}

func given[T any](pointer unsafe.Pointer) T {
	return (*cgo.Handle)(pointer).Value().(*kept).value.(T)
}

var forget = unsafe.Pointer(C.playbook_one(C.playbook_scan_forget))

//export playbook_scan_forget
func playbook_scan_forget(pointer unsafe.Pointer) {
	handle := (*cgo.Handle)(pointer)
	k := handle.Value().(*kept)
	if s, ok := k.value.(*scanner); ok {
		s.close()
	}
	handle.Delete()
	k.pinner.Unpin()
}

//export playbook_scan_bind
func playbook_scan_bind(pointer unsafe.Pointer) {
	info := mapping.BindInfo{Ptr: pointer}
	e := given[*Engine](mapping.BindGetExtraInfo(info))
	parameter := mapping.BindGetParameter(info, 0)
	defer mapping.DestroyValue(&parameter)
	name := mapping.GetVarchar(parameter)
	chosen := mapping.BindGetParameter(info, 1)
	defer mapping.DestroyValue(&chosen)
	e.mu.Lock()
	l := e.loads[name]
	e.mu.Unlock()
	if l == nil {
		mapping.BindSetError(info, "nothing is loaded as "+name)
		return
	}
	for i := range l.columns {
		kind := mapping.CreateLogicalType(vectorTypes[l.columns[i].kind])
		mapping.BindAddResultColumn(info, l.columns[i].name, kind)
		mapping.DestroyLogicalType(&kind)
	}
	mapping.BindSetCardinality(info, mapping.IdxT(l.rows), true)
	among, err := l.narrowed(mapping.GetVarchar(chosen))
	if err != nil {
		mapping.BindSetError(info, err.Error())
		return
	}
	mapping.BindSetBindData(info, keep(bound{l, among}), forget)
}

// bound is a reading of a load in a query.
type bound struct {
	load  *load
	among []narrower
}

// scanning is one reading of a load by a query. Its threads take batch after batch;
// where the order of rows matters DuckDB has one thread only, because a table function
// cannot tell it the order of what several give.
type scanning struct {
	load    *load
	columns []int // of the load, that the query asks for, by vector of a chunk; -1 is none
	vectors int   // how many of them are in a chunk; the others are only looked at
	among   []narrower
	next    atomic.Int64
}

//export playbook_scan_begin
func playbook_scan_begin(pointer unsafe.Pointer) {
	info := mapping.InitInfo{Ptr: pointer}
	b := given[bound](mapping.InitGetBindData(info))
	s := &scanning{load: b.load}
	for i := range mapping.InitGetColumnCount(info) {
		column := -1 // one that DuckDB makes up, as for count(*)
		if index := mapping.InitGetColumnIndex(info, i); index < mapping.IdxT(len(s.load.columns)) {
			column = int(index)
		}
		s.columns = append(s.columns, column)
	}
	s.vectors = len(s.columns)
	s.narrow(b.among)
	mapping.InitSetMaxThreads(info, mapping.IdxT(max(1, len(s.load.batches))))
	mapping.InitSetInitData(info, keep(s), forget)
}

//export playbook_scan_begin_thread
func playbook_scan_begin_thread(pointer unsafe.Pointer) {
	mapping.InitSetInitData(mapping.InitInfo{Ptr: pointer}, keep(&scanner{}), forget)
}

//export playbook_scan_fill
func playbook_scan_fill(infoPointer, chunkPointer unsafe.Pointer) {
	info, chunk := mapping.FunctionInfo{Ptr: infoPointer}, mapping.DataChunk{Ptr: chunkPointer}
	thread := given[*scanner](mapping.FunctionGetLocalInitData(info))
	if thread.scanning == nil {
		thread.scanning = given[*scanning](mapping.FunctionGetInitData(info))
	}
	count, err := thread.fill(chunk)
	if err != nil {
		mapping.FunctionSetError(info, err.Error())
		return
	}
	mapping.DataChunkSetSize(chunk, mapping.IdxT(count))
}
