package main

import "cdktf-proxmox-talos/providers/plugin"

func workersCronTrigger() plugin.Resource[*client] {
	const path = " accounts/{account_id}/workers/scripts/{script_name}/schedules"
	bareArray := func(change *plugin.Change) []byte { return change.EncodeAttribute("schedules", change.Planned) }
	return rest{
		traits: plugin.Traits{
			"id":          {Wire: "-", Keep: true, Replace: plugin.Always},
			"script_name": {Wire: "-", Keep: true, Replace: plugin.Always},
			"account_id":  {Wire: "-", Replace: plugin.Always},
			"schedules":   {NoRefresh: true},
		},
		create:   "PUT" + path,
		read:     "GET" + path,
		update:   "PUT" + path,
		id:       "script_name",
		importID: []string{"account_id", "script_name"},
		plan:     staysBehind,
		body:     bareArray,
	}.resource()
}
