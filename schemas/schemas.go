// Package schemas hands the pinned provider schemas to the stand-in providers in stand-ins/providers.
package schemas

import (
	"embed"
	"io/fs"
)

//go:embed cloudflare@*.json talos@*.json
var files embed.FS

// Of returns the pinned schema of a provider, as `tofu providers schema -json` gives it.
func Of(provider string) []byte {
	names, err := fs.Glob(files, provider+"@*.json")
	if err != nil || len(names) != 1 {
		panic("schemas/ has no schema, or several, of " + provider)
	}
	data, err := files.ReadFile(names[0])
	if err != nil {
		panic(err)
	}
	return data
}
