// Package browser opens the report of a rehearsal in a real browser.
package browser
