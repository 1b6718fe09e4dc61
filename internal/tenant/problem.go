package tenant

// Problem is why an account cannot be served as it asks: a reason of the API and a sentence that
// says what to do.
type Problem struct {
	Reason  string
	Message string
}
