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

/** Reads the API's document in the browser: by noun, each call with what it takes and gives. */
export function docsPage(): string {
  return page(
    "Slipway API",
    `<h1>Slipway API</h1><p>From <a href="/api/openapi.json">/api/openapi.json</a>. Send <code>Authorization: Bearer &lt;passkey&gt;</code>.
Every error is <code>{error, message, requestId}</code>, often with <code>errors</code> by field and a <code>remedy</code>.</p><main id="o"></main><script>${DOCS_SCRIPT}</script>`,
  );
}

const DOCS_SCRIPT = `
const make=(tag,text,parent,cls)=>{const e=document.createElement(tag);e.textContent=text;if(cls)e.className=cls;parent.append(e);return e};
const typeOf=s=>!s?"":s.$ref?s.$ref.split("/").pop():s.enum?s.enum.join(" | "):s.anyOf?s.anyOf.map(typeOf).join(" | "):s.type==="array"?typeOf(s.items)+"[]":s.contentMediaType?"file":String(s.type||"");
const fields=(schema,parent)=>{for(const [name,s] of Object.entries(schema.properties||{}))line(name,s,(schema.required||[]).includes(name),parent)};
const line=(name,s,required,parent)=>{const li=make("li","",parent);make("code",name,li);li.append(" "+typeOf(s)+(required?"":", may be left out")+(s.description?": "+s.description:""))};
const call=(method,path,op,parent)=>{const d=make("details","",parent),s=make("summary","",d);make("b",method.toUpperCase(),s,"m");make("code",path,s);s.append(" "+(op.summary||""));
const ul=make("ul","",d);for(const p of op.parameters||[])line(p.name,{...p.schema,description:p.description},p.required,ul);
for(const [type,media] of Object.entries((op.requestBody||{}).content||{})){make("li",type,ul);fields((media.schema.anyOf||[media.schema])[0],make("ul","",ul))}
for(const [status,r] of Object.entries(op.responses)){if(status==="default")continue;const [type,media]=Object.entries(r.content||{})[0]||[];make("li",status+" "+r.description+(type?", "+type+" "+typeOf(media.schema):""),ul)}};
fetch("/api/openapi.json").then(r=>r.json()).then(doc=>{const out=document.getElementById("o"),byTag={};
for(const [path,ops] of Object.entries(doc.paths))for(const [method,op] of Object.entries(ops))(byTag[op.tags[0]]||=[]).push([method,path,op]);
for(const [tag,ops] of Object.entries(byTag)){make("h2",tag,out);for(const [m,p,op] of ops)call(m,p,op,out)}
make("h2","objects",out);for(const [name,s] of Object.entries(doc.components.schemas)){const d=make("details","",out);make("summary",name,d);fields(s,make("ul","",d))}});`;
