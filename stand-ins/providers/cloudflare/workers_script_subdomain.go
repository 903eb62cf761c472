package main

import "cdktf-proxmox-talos/providers/plugin"

func workersScriptSubdomain() plugin.Resource[*client] {
	const path = " accounts/{account_id}/workers/scripts/{script_name}/subdomain"
	return rest{
		traits: plugin.Traits{
			"id":          {Wire: "-", Keep: true},
			"account_id":  {Wire: "-", Replace: plugin.Always},
			"script_name": {Wire: "-", Replace: plugin.Always},
		},
		create:   "POST" + path,
		read:     "GET" + path,
		update:   "POST" + path,
		delete:   "DELETE" + path,
		id:       "script_name",
		importID: []string{"account_id", "script_name"},
	}.resource()
}
