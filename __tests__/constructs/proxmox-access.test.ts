import { ProxmoxAccess, type ProxmoxAccessProps } from "../../constructs/proxmox-access";
import { schemaProblems } from "../support/pinned-schema";
import { synth } from "../support/synth";

const access = (props?: ProxmoxAccessProps) =>
  synth((stack) => {
    new ProxmoxAccess(stack, "access", props);
  });

test("minimal", () => {
  const template = access();
  expect(template).toMatchSnapshot();
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
  expect(access().output.proxmox_ve_api_token).toMatchObject({ sensitive: true });
});

test("HA takes one privilege more", () => {
  expect(JSON.stringify(access({ ha: true }).resource)).toContain("Sys.Console");
});

test.each<[ProxmoxAccessProps, string]>([
  [{ userId: "cdktf" }, 'user "cdktf" has no realm; write cdktf@pve'],
  [{ tokenName: "x" }, 'token name "x" is too short'],
])("refuses %j", (props, message) => {
  expect(() => access(props)).toThrow(message);
});
