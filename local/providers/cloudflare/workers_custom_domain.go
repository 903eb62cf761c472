package main

import "cdktf-proxmox-talos/providers/plugin"

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
		create:   "PUT accounts/{account_id}/workers/domains",
		read:     "GET" + path,
		delete:   "DELETE" + path,
		importID: []string{"account_id", "domain_id=id"},
	}.resource()
}
