import { aclRoutes } from "./access/acl";
import { roleRoutes } from "./access/roles";
import { tokenRoutes } from "./access/tokens";
import { userRoutes } from "./access/users";
import type { Route } from "./api/route";
import { clusterRoutes } from "./datacenter/cluster-routes";
import { mappingRoutes } from "./datacenter/mapping-routes";
import { networkRoutes } from "./datacenter/network-routes";
import { poolRoutes } from "./datacenter/pool-routes";
import { taskRoutes } from "./datacenter/task-routes";
import { usbMappingRoutes } from "./datacenter/usb-mapping-routes";
import { firewallOptionRoutes } from "./firewall/options";
import { firewallRuleRoutes } from "./firewall/rules";
import { haResourceRoutes } from "./ha/resources";
import { haRuleRoutes } from "./ha/rules";
import { agentRoutes } from "./qemu/agent";
import { configRoutes } from "./qemu/config";
import { createRoute } from "./qemu/create";
import { destroyRoute } from "./qemu/destroy";
import { diskRoutes } from "./qemu/disks";
import { migrateRoutes } from "./qemu/migrate";
import { powerRoutes } from "./qemu/power";
import { statusRoutes } from "./qemu/status";
import { downloadRoutes } from "./storage/download";
import { storageRoutes } from "./storage/routes";

/** Every call that this stand-in serves. */
export const ROUTES: readonly Route[] = [
  ...clusterRoutes,
  ...networkRoutes,
  ...taskRoutes,
  ...statusRoutes,
  createRoute,
  ...configRoutes,
  ...powerRoutes,
  ...diskRoutes,
  ...migrateRoutes,
  destroyRoute,
  ...agentRoutes,
  ...storageRoutes,
  ...downloadRoutes,
  ...poolRoutes,
  ...mappingRoutes,
  ...usbMappingRoutes,
  ...firewallOptionRoutes,
  ...firewallRuleRoutes,
  ...haResourceRoutes,
  ...haRuleRoutes,
  ...userRoutes,
  ...tokenRoutes,
  ...roleRoutes,
  ...aclRoutes,
];
