import fc from "fast-check";
import { lossProblem, quorumOf, removalProblem } from "../../domain/etcd";

const size = fc.integer({ min: 1, max: 9 });

test("three members and more stand the loss of one, fewer do not", () => {
  expect([1, 2, 3, 4, 5].filter((members) => lossProblem(members) === undefined)).toEqual([3, 4, 5]);
  expect(lossProblem(2)).toMatch(/2 members and needs 2/);
});

test("whatever member may be taken out, the ones that are left have a quorum", () => {
  fc.assert(
    fc.property(size, fc.nat(9), fc.boolean(), (members, healthy, isHealthy) => {
      fc.pre(healthy <= members && (isHealthy ? healthy > 0 : healthy < members));
      if (removalProblem(members, healthy, isHealthy) !== undefined) return;
      const left = healthy - (isHealthy ? 1 : 0);
      expect(left).toBeGreaterThanOrEqual(quorumOf(members - 1));
      expect(healthy).toBeGreaterThanOrEqual(quorumOf(members));
    }),
  );
});

test("a lost member of three can be taken out, one of the two that are left then not", () => {
  expect(removalProblem(3, 2, false)).toBeUndefined();
  expect(removalProblem(3, 2, true)).toMatch(/2 members, 1 of them healthy, and needs 2/);
  expect(removalProblem(3, 1, false)).toMatch(/no quorum: 1 of 3/);
  expect(removalProblem(1, 1, true)).toMatch(/last member/);
  expect(removalProblem(2, 2, true)).toBeUndefined();
});
