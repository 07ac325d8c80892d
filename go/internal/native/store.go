package native

// A Method is a function of fdescrow_store_functions, counted as in the header.
type Method int32

// The methods.
const (
	MethodGet Method = iota
	MethodList
	MethodCount
	MethodClaim
	MethodRelease
	MethodCommit
	MethodCommitBatch
	MethodCommitted
	MethodEvents
	MethodSnapshot
	methods
)

// StoreMethods are the functions of a store that is not the library's. They are called from any thread, several at a time.
type StoreMethods struct {
	// HasBatch tells whether MethodCommitBatch is one of them.
	HasBatch bool
	// Call answers by ReplyAppend and ReplyRow, and returns the number of a result. The request is the library's and must not be kept.
	Call func(method Method, request []byte, reply Reply) int32
}

// A StoreFactory opens stores for the conformance suite.
type StoreFactory struct {
	// Open is an empty store, or the one that was opened last as another process would find it; nil if there is none.
	Open func(again bool) *StoreMethods
	// Wait lets the store's own clock go on by so many seconds.
	Wait func(seconds uint32)
}

// The numbers of results that the functions below answer by themselves: StoreUnavailable, Misuse.
const (
	unavailable int32 = 400
	misuse      int32 = 430
)

func callStore(number uintptr, method Method, request []byte, reply Reply) int32 {
	given := registered[StoreMethods](number)
	if given == nil {
		return unavailable
	}
	// Call lets no panic out: it would unwind through the library.
	return given.Call(method, request, reply)
}

// openStore is the number of a store that the factory opened, for C to hold; 0 if there is none.
func openStore(number uintptr, again bool) (store uintptr, hasBatch bool) {
	factory := registered[StoreFactory](number)
	if factory == nil {
		return 0, false
	}
	opened := factory.Open(again)
	if opened == nil {
		return 0, false
	}
	return register(opened), opened.HasBatch
}

func waitStore(number uintptr, seconds uint32) {
	if factory := registered[StoreFactory](number); factory != nil {
		factory.Wait(seconds)
	}
}
