/** The few pages the server has without the web app: a front page, the claim page and a reader for the API's document. */

const STYLE = `:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}body{max-width:44rem;margin:3rem auto;padding:0 1rem}
code,pre{font:14px/1.45 ui-monospace,monospace;background:#8882;border-radius:6px;padding:.1em .35em}pre{padding:1rem;overflow:auto}
h1{font-size:1.6rem}a{color:inherit}section{margin:1.2rem 0}b.m{display:inline-block;min-width:4.5em}`;

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><style>${STYLE}</style><body>${body}</body></html>`;
}

export function frontPage(version: string): string {
  return page(
    "Slipway",
    `<h1>Slipway ${version} is running</h1><p>Deploy something from a terminal on this machine:</p>
<pre>bin/slipway deploy examples/hello</pre><p>and open <code>http://hello.localhost:8080/</code>, or read the <a href="/api/docs">API</a>.</p>`,
  );
}

/** The token stays in the address bar's page; nothing is sent until the command is run. */
export function claimPage(): string {
  return page(
    "Claim this server",
    `<h1>Claim this Slipway server</h1><p>Run this where you work; it stores an admin credential there and uses the link up:</p>
<pre id="c">slipway claim URL --token-stdin</pre><script>
const t=new URLSearchParams(location.search).get("token")||"";
document.getElementById("c").textContent="echo "+JSON.stringify(t)+" | slipway claim "+location.origin+" --token-stdin";</script>`,
  );
}

export function docsPage(): string {
  return page(
    "Slipway API",
    `<h1>Slipway API</h1><p>From <a href="/api/openapi.json">/api/openapi.json</a>. Send <code>Authorization: Bearer &lt;passkey&gt;</code>.</p><div id="o"></div><script>
fetch("/api/openapi.json").then(r=>r.json()).then(d=>{const o=document.getElementById("o");
for(const [p,ms] of Object.entries(d.paths))for(const [m,op] of Object.entries(ms)){const s=document.createElement("section");
const b=document.createElement("b");b.className="m";b.textContent=m.toUpperCase();const c=document.createElement("code");c.textContent=p;
const t=document.createElement("div");t.textContent=op.summary||"";s.append(b,c,t);o.append(s)}});</script>`,
  );
}
