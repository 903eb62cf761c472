module cdktf-proxmox-talos/schemas

go 1.26
