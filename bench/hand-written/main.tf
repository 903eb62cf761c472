# The six VMs of the example as one would write them by hand.
terraform {
  required_version = ">= 1.11"
  required_providers {
    proxmox = {
      source  = "bpg/proxmox"
      version = "0.111.1"
    }
  }
}

provider "proxmox" {}

locals {
  schematic_id = "ce4c980550dd2ab1b17bbf2b08801c7eb59418eafe8f279833297925d67c7515"
  nodes = {
    cp-1     = { vm_id = 7001, mac = "BC:24:11:20:00:11", controller = true }
    cp-2     = { vm_id = 7002, mac = "BC:24:11:20:00:12", controller = true }
    cp-3     = { vm_id = 7003, mac = "BC:24:11:20:00:13", controller = true }
    worker-1 = { vm_id = 7011, mac = "BC:24:11:20:00:21", controller = false }
    worker-2 = { vm_id = 7012, mac = "BC:24:11:20:00:22", controller = false }
    worker-3 = { vm_id = 7013, mac = "BC:24:11:20:00:23", controller = false }
  }
}

resource "proxmox_download_file" "talos" {
  node_name    = "pve1"
  datastore_id = "local"
  content_type = "iso"
  file_name    = "talos-v1.13.0-secureboot.iso"
  url          = "https://factory.talos.dev/image/${local.schematic_id}/v1.13.0/nocloud-amd64-secureboot.iso"
  overwrite    = false
}

resource "proxmox_virtual_environment_vm" "talos_node" {
  for_each = local.nodes

  name            = each.key
  node_name       = "pve1"
  vm_id           = each.value.vm_id
  tags            = ["kubernetes", "linux", "talos"]
  bios            = "ovmf"
  machine         = "q35"
  scsi_hardware   = "virtio-scsi-pci"
  boot_order      = ["scsi0", "ide2"]
  stop_on_destroy = true

  agent {
    enabled = true
    wait_for_ip {
      disabled = true
    }
  }

  cpu {
    cores   = each.value.controller ? 4 : 8
    sockets = 1
    type    = "host"
    numa    = true
  }

  memory {
    dedicated = each.value.controller ? 8192 : 16384
    floating  = 0
  }

  disk {
    datastore_id = "local-lvm"
    interface    = "scsi0"
    size         = 100
    discard      = "on"
    ssd          = true
    backup       = false
    replicate    = false
  }

  efi_disk {
    datastore_id      = "local-lvm"
    type              = "4m"
    pre_enrolled_keys = false
  }

  cdrom {
    file_id   = proxmox_download_file.talos.id
    interface = "ide2"
  }

  network_device {
    bridge      = "vmbr0"
    model       = "virtio"
    mac_address = each.value.mac
    vlan_id     = 7
    queues      = 4
    mtu         = each.value.controller ? 0 : 1500
  }

  operating_system {
    type = "l26"
  }

  serial_device {}

  vga {
    type = "std"
  }

  startup {
    order    = each.value.controller ? 1 : 2
    up_delay = each.value.controller ? 15 : -1
  }

  lifecycle {
    ignore_changes = [started]
  }
}
