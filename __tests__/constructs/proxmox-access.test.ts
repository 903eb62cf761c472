import { ProxmoxAccess, type ProxmoxAccessProps } from "../../constructs/proxmox-access";
import { schemaProblems } from "../support/pinned-schema";
import { synth } from "../support/synth";

const access = (props?: ProxmoxAccessProps) =>
  synth((stack) => {
    new ProxmoxAccess(stack, "access", props);
  });

test("minimal", () => {
  const template = access();
  const { resource, output } = template;
  expect({ resource, output }).toMatchSnapshot();
  expect(schemaProblems(template)).toEqual([]);
});

test("gives no right over users, roles or other people's consoles", () => {
  const privileges = JSON.stringify(access().resource.proxmox_virtual_environment_role);
  for (const forbidden of [
    "Permissions.Modify",
    "User.Modify",
    "Realm",
    "Sys.Modify",
    "Sys.Console",
    "VM.Console",
  ]) {
    expect(privileges).not.toContain(forbidden);
  }
});

test("the token's value leaves only as a sensitive output", () => {
  const template = access();
  const value = "${proxmox_user_token.access_token_4E1BBEF3.value}";
  expect(template.output).toEqual({
    proxmox_ve_api_token: expect.objectContaining({ value, sensitive: true }),
  });
  expect(JSON.stringify(template).split(value)).toHaveLength(2);
});

test.each<[ProxmoxAccessProps, string]>([
  [{ ha: true }, "Sys.Console"],
  [{ startupOrder: true }, "Sys.Modify"],
])("%j takes one privilege more, for the datacenter alone", (props, privilege) => {
  const { proxmox_virtual_environment_role: roles, proxmox_acl: acl } = access(props).resource;
  expect(Object.values(roles ?? {}).map((role) => role.privileges)).toContainEqual([privilege]);
  expect(Object.values(acl ?? {}).map((each) => each.propagate)).toEqual([false, true]);
});

test.each<[ProxmoxAccessProps, string]>([
  [{ userId: "cdktf" }, 'user "cdktf" has no realm; write cdktf@pve'],
  [{ tokenName: "x" }, 'token name "x" is not valid'],
])("refuses %j", (props, message) => {
  expect(() => access(props)).toThrow(message);
});

test.each(["PVETalos", "pveTalos", "Talos Provisioner", ""])("the role %j is refused", (roleId) => {
  expect(() => access({ roleId })).toThrow(`role "${roleId}" is not valid; use letters`);
});
