package aws

// AccountSnapshot is the account as data: what a data plane needs to be built from it.
type AccountSnapshot struct {
	Account string `json:"account"`
	Region  string `json:"region"`
}

// Snapshot copies the account's state.
func (a *Account) Snapshot() AccountSnapshot { panic("todo") }
