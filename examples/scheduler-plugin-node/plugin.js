// A scheduler's plugin in Node.js: pods stay off racks that are full, and prefer those with few pods of the same app.
//
//   npm install && node plugin.js 7000 ../../protos
//   kobune up --scheduler-config ../scheduler-plugin.yaml
//
// The configuration's `arguments: {most: 2}` says how many pods of an app a rack takes.

const path = require("path");
const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");

const [port, protos] = process.argv.slice(2);
const file = path.join(protos, "kobune/scheduler/v1/plugin.proto");
const { kobune } = grpc.loadPackageDefinition(loader.loadSync(file, { keepCase: true, longs: Number, oneofs: true }));

class Known {
  racks = new Map(); // by the number of the node
  apps = new Map(); // by the number of the template
  placed = new Map(); // by the uid of the pod: rack and app

  follow({ templates = [], nodes = [], placed = [], left = [] }) {
    for (const { id, labels } of templates) this.apps.set(id, labels.app ?? "");
    for (const { id, name, labels } of nodes) this.racks.set(id, labels.rack ?? name);
    for (const { uid, node, template } of placed) this.placed.set(uid, this.key(node, template));
    for (const { uid } of left) this.placed.delete(uid);
  }

  key = (node, template) => `${this.racks.get(node)}/${this.apps.get(template)}`;

  beside(node, template) {
    const key = this.key(node, template);
    return [...this.placed.values()].filter((other) => other === key).length;
  }

  answer({ number, filter, score }, most) {
    const { template, nodes } = filter ?? score;
    const asked = nodes?.length ? nodes : [...this.racks.keys()];
    if (score) return { number, scores: asked.map((node) => 100 / (1 + this.beside(node, template))) };
    const full = asked.filter((node) => this.beside(node, template) >= most);
    return { number, refused: full.length ? [{ reason: "node(s) were in a rack that is full", nodes: full }] : [] };
  }
}

function run(stream) {
  const known = new Known(); // of this scheduler: it tells everything again when it connects again
  let most = Infinity;
  stream.on("data", ({ hello, changes, question }) => {
    if (hello) {
      most = JSON.parse(hello.arguments).most ?? most;
      stream.write({ welcome: { version: 1, name: "RackSpread", filters: true, scores: true } });
    }
    if (changes) known.follow(changes);
    if (question) stream.write({ answer: known.answer(question, most) });
  });
  stream.on("end", () => stream.end());
  stream.on("error", () => {});
}

const server = new grpc.Server();
server.addService(kobune.scheduler.v1.Plugin.service, { run });
server.bindAsync(`127.0.0.1:${port}`, grpc.ServerCredentials.createInsecure(), (error, bound) => {
  if (error) throw error;
  console.log(`listening on ${bound}`);
});
