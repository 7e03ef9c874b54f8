import assert from "node:assert/strict";
import { test } from "node:test";
import { isAppError } from "../domain/errors.ts";
import { parseDotenv } from "./dotenv.ts";

const FILE = String.raw`# a comment
PLAIN=value
export EXPORTED = spaced out   # a remark
EMPTY=
HASH=a#b
SINGLE='$HOME \n "x"' # remark
DOUBLE="tab\there \"quoted\" \$5 \\ \q"
REFERENCE=postgres://${"$"}{{ db.HOST }}/app
KEY_PEM="-----BEGIN-----
line = 2
-----END-----"
  INDENTED=yes
PLAIN=last
`;

test("all forms of a line are read, and nothing is expanded", () => {
  const found = Object.fromEntries(parseDotenv(FILE, ".env").map(({ key, value }) => [key, value]));
  assert.deepEqual(found, {
    PLAIN: "last",
    EXPORTED: "spaced out",
    EMPTY: "",
    HASH: "a#b",
    SINGLE: String.raw`$HOME \n "x"`,
    DOUBLE: String.raw`tab	here "quoted" $5 \ \q`,
    REFERENCE: "postgres://${{ db.HOST }}/app".replace("$$", "$"),
    KEY_PEM: "-----BEGIN-----\nline = 2\n-----END-----",
    INDENTED: "yes",
  });
});

test("Windows line ends and a byte order mark are no part of it", () => {
  assert.deepEqual(parseDotenv("\uFEFFA=1\r\nB='x\r\ny'\r\n", ".env"), [
    { key: "A", value: "1" },
    { key: "B", value: "x\ny" },
  ]);
});

test("each line that is wrong is named with its file", () => {
  const cases: readonly (readonly [text: string, words: string])[] = [
    [
      "A=1\njust words\n1B=2",
      '.env:2: is no KEY=value\n.env:3: "1B" is no name of a variable: use letters, digits and _',
    ],
    ["A=1\nB='open\nC=2", ".env:2: the quote of B is not closed"],
    ['A="x" y', '.env:1: "y" stands behind the quote of A'],
  ];
  for (const [text, words] of cases) {
    assert.throws(
      () => parseDotenv(text, ".env"),
      (error) => isAppError(error, "invalid") && error.message === words,
    );
  }
});
