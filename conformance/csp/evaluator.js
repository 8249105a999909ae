// Answers questions about policies with csp_evaluator, one line of JSON each, in the order of the questions.
//
// A question is {"policy": "…"}; its answer is {"directives": [[name, value, …], …], "findings": [{type, severity,
// directive, value}, …]}, or {"error": "…"} where the evaluator throws. {"examples": true} is answered by
// {"policies": […]}: what the package's own tests give to its parser. {"lists": true} is answered by its lists of hosts.
'use strict';
const Module = require('node:module');
const fs = require('node:fs');
const path = require('node:path');
const readline = require('node:readline');

const root = path.join(process.env.AIRWORTHY_NODE_MODULES, 'csp_evaluator');
const dist = path.join(root, 'dist');
const { CspEvaluator } = require(path.join(dist, 'evaluator.js'));
const { CspParser } = require(path.join(dist, 'parser.js'));

function judge(policy) {
  const csp = new CspParser(policy).csp;
  const directives = Object.entries(csp.directives).map(([name, values]) => [name, ...values]);
  const findings = new CspEvaluator(csp).evaluate().map(
    ({ type, severity, directive, value }) => ({ type, severity, directive, value: value ?? '' }));
  return { directives, findings };
}

// The package's tests run with a jasmine that expects nothing, and a parser that writes down what it is given.
function examples() {
  const policies = [];
  const parse = CspParser.prototype.parse;
  CspParser.prototype.parse = function (text) {
    policies.push(text);
    return parse.call(this, text);
  };
  const anything = new Proxy(function () {}, { get: () => anything, apply: () => anything });
  Object.assign(global, { describe: (_, f) => f(), it: (_, f) => f(), expect: () => anything, jasmine: anything });
  const load = Module._load;
  Module._load = (request, ...rest) => (request === 'jasmine' ? {} : load(request, ...rest));
  for (const file of fs.readdirSync(dist, { recursive: true }).sort()) {
    if (file.endsWith('_test.js')) require(path.join(dist, file));
  }
  Module._load = load;
  CspParser.prototype.parse = parse;
  return { policies: [...new Set(policies)] };
}

function lists() {
  const read = (name) => JSON.parse(fs.readFileSync(path.join(root, 'allowlist_bypasses', 'json', name + '.json'), 'utf8'));
  return { jsonp: read('jsonp').urls, needsEval: read('jsonp').needsEval, angular: read('angular').urls };
}

function answer(line) {
  try {
    const question = JSON.parse(line);
    if (question.examples) return examples();
    if (question.lists) return lists();
    return judge(question.policy);
  } catch (e) {
    return { error: String(e) };
  }
}

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  process.stdout.write(JSON.stringify(answer(line)) + '\n');
});
