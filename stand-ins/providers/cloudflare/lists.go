package main

import (
	"context"
	"encoding/json"
	"maps"
	"net/url"

	"cdktf-proxmox-talos/providers/plugin"
)

const maxItems = 1000

func permissionGroups() plugin.DataSource[*client] {
	return list("accounts/{account_id}/tokens/permission_groups", []string{"name", "scope"}, nil)
}

func workersScripts() plugin.DataSource[*client] {
	return list("accounts/{account_id}/workers/scripts", []string{"tags"}, plugin.Traits{
		"result.created_on":                 {Time: true},
		"result.modified_on":                {Time: true},
		"result.placement.last_analyzed_at": {Time: true},
	})
}

// list is a data source with the items in the answer to a GET. `filters` are the attributes that are sent as its query.
func list(path string, filters []string, traits plugin.Traits) plugin.DataSource[*client] {
	all := plugin.Traits{"account_id": {Wire: "-"}, "max_items": {Wire: "-", Whole: true}}
	for _, filter := range filters {
		all[filter] = plugin.Trait{Wire: "-"}
	}
	maps.Copy(all, traits)
	read := func(ctx context.Context, c *client, block *plugin.Block, config plugin.Object) (plugin.Object, error) {
		expanded, err := expand(path, config)
		if err != nil {
			return nil, failed(err)
		}
		query := url.Values{}
		for _, filter := range filters {
			if config.Has(filter) {
				query.Set(filter, config.Text(filter))
			}
		}
		if len(query) > 0 {
			expanded += "?" + query.Encode()
		}
		got, err := c.send(ctx, request{method: "GET", path: expanded})
		if err == nil {
			err = got.expectJSON()
		}
		if err != nil {
			return nil, err
		}
		most := config.Whole("max_items")
		if most <= 0 {
			most = maxItems
		}
		items := append([]json.RawMessage{}, plugin.Items(got.result())...)
		items = items[:min(len(items), most)]
		return block.Refresh(config, plugin.Marshal(map[string]any{"result": items})), nil
	}
	return plugin.DataSource[*client]{Traits: all, Read: read}
}
