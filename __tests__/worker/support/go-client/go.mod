module cdktf-proxmox-talos/go-client

go 1.21
