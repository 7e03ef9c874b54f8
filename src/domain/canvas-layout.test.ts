import assert from "node:assert/strict";
import { test } from "node:test";
import type { NodeType } from "./canvas.ts";
import { NODE_SIZES, nextFreePosition, parentsFirst } from "./canvas-layout.ts";

type Node = Parameters<typeof nextFreePosition>[0][number];

function node(type: NodeType, x: number, y: number, given: Partial<Node> = {}): Node {
  return { type, positionX: x, positionY: y, width: null, height: null, parentId: null, ...given };
}

/** Do two of them lie over each other? */
function overlap(a: Node, b: Node): boolean {
  const [sizeA, sizeB] = [a, b].map(({ type, width, height }) => ({
    width: width ?? NODE_SIZES[type].width,
    height: height ?? NODE_SIZES[type].height,
  }));
  assert.ok(sizeA && sizeB);
  return (
    a.positionX < b.positionX + sizeB.width &&
    b.positionX < a.positionX + sizeA.width &&
    a.positionY < b.positionY + sizeB.height &&
    b.positionY < a.positionY + sizeA.height
  );
}

test("services that nobody placed go into rows, none over another", () => {
  const nodes: Node[] = [];
  for (let i = 0; i < 200; i += 1) {
    const { x, y } = nextFreePosition(nodes);
    nodes.push(node("service", x, y));
  }
  assert.deepEqual([nodes[0]?.positionX, nodes[0]?.positionY], [0, 0]);
  assert.equal(nodes[4]?.positionX, 0);
  for (const [i, a] of nodes.entries()) for (const b of nodes.slice(i + 1)) assert.ok(!overlap(a, b));
});

test("a new service is placed beside what people put anywhere, however large it is", () => {
  let seed = 7;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return seed % below;
  };
  for (let round = 0; round < 200; round += 1) {
    const nodes = Array.from({ length: random(30) }, () => {
      const size = random(3) === 0 ? { width: random(4000), height: random(4000) } : {};
      return node(random(2) === 0 ? "group" : "note", random(2000) - 500, random(2000) - 500, size);
    });
    const { x, y } = nextFreePosition(nodes);
    for (const other of nodes) assert.ok(!overlap(node("service", x, y), other), `round ${round}`);
  }
});

test("what is in a group takes no room outside of it", () => {
  assert.deepEqual(nextFreePosition([node("service", 0, 0, { parentId: "g" })]), { x: 0, y: 0 });
});

test("groups come before what is in them, otherwise nothing changes places", () => {
  const nodes = [
    { id: "a", parentId: "g" },
    { id: "b", parentId: null },
    { id: "g", parentId: null },
    { id: "c", parentId: "g" },
  ];
  assert.deepEqual(
    parentsFirst(nodes).map(({ id }) => id),
    ["b", "g", "a", "c"],
  );
});
