package main

import (
	"encoding/json"
	"errors"

	"cdktf-proxmox-talos/providers/plugin"
)

func accountToken() plugin.Resource[*client] {
	const path = " accounts/{account_id}/tokens/{token_id=id}"
	return rest{
		traits: plugin.Traits{
			"id":                 {Keep: true},
			"account_id":         {Wire: "-", Replace: plugin.Always},
			"policies":           {Answered: true},
			"policies.effect":    {OneOf: []string{"allow", "deny"}},
			"policies.resources": {JSON: true},
			"expires_on":         {Time: true},
			"not_before":         {Time: true},
			"status":             {OneOf: []string{"active", "disabled", "expired"}},
			"issued_on":          {Time: true},
			"last_used_on":       {Time: true},
			"modified_on":        {Time: true},
			"value":              {NoRefresh: true, Keep: true},
		},
		create:   "POST accounts/{account_id}/tokens",
		read:     "GET" + path,
		update:   "PUT" + path,
		delete:   "DELETE" + path,
		importID: []string{"account_id", "token_id=id"},
		// An update, too, leaves out what is not configured.
		body: func(change *plugin.Change) []byte { return change.Encode(change.Planned, nil) },
		check: func(result json.RawMessage) error {
			if plugin.Fields(result)["policies"] == nil {
				return errors.New("unexpected end of JSON input")
			}
			return nil
		},
	}.resource()
}
