package main

import (
	"net/http"

	"cdktf-proxmox-talos/providers/plugin"
)

func workersCustomDomain() plugin.Resource[*client] {
	const path = " accounts/{account_id}/workers/domains/{domain_id=id}"
	return rest{
		traits: plugin.Traits{
			"id":          {Keep: true, Replace: plugin.Always},
			"account_id":  {Wire: "-", Replace: plugin.Always},
			"hostname":    {Replace: plugin.Always},
			"service":     {Replace: plugin.Always},
			"zone_id":     {Replace: plugin.Always},
			"environment": {Replace: plugin.Always},
		},
		create:      "PUT accounts/{account_id}/workers/domains",
		read:        "GET" + path,
		delete:      "DELETE" + path,
		mutedDelete: true,
		importID:    []string{"account_id", "domain_id=id"},
		header: func(method string, _ plugin.Object) http.Header {
			if method == http.MethodDelete {
				return http.Header{"Accept": {"*/*"}}
			}
			return nil
		},
	}.resource()
}
