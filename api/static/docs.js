// Draws the OpenAPI description readably: what can be asked, and what is answered.

const target = document.getElementById("operations");

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** Text with its code in backticks, as code. */
function prose(text = "") {
  return text.split("`").map((part, at) => (at % 2 ? element("code", { textContent: part }) : part));
}

class Description {
  constructor(document) {
    this.paths = document.paths;
    this.schemas = document.components?.schemas ?? {};
  }

  resolved(schema = {}) {
    return schema.$ref ? this.schemas[schema.$ref.split("/").at(-1)] : schema;
  }

  /** The schema of an object inside a schema: itself, its items, or the one that is not null. */
  inner(schema = {}) {
    const plain = this.resolved(schema);
    if (plain.properties) return plain;
    if (plain.items) return this.inner(plain.items);
    const choices = (plain.anyOf ?? []).map((choice) => this.inner(choice));
    return choices.find((choice) => choice !== null) ?? null;
  }

  type(schema = {}) {
    const plain = this.resolved(schema);
    if (plain.anyOf) return plain.anyOf.map((choice) => this.type(choice)).join(" or ");
    if (plain.const !== undefined) return JSON.stringify(plain.const);
    if (plain.enum) return plain.enum.map((value) => JSON.stringify(value)).join(" or ");
    if (plain.type === "array") return `list of ${this.type(plain.items)}`;
    return plain.type ?? "anything";
  }
}

function bounds(schema) {
  const said = schema.type === "array" ? ["may be repeated"] : [];
  if (schema.minimum !== undefined) said.push(`from ${schema.minimum}`);
  if (schema.maximum !== undefined) said.push(`to ${schema.maximum}`);
  if (schema.maxLength !== undefined) said.push(`at most ${schema.maxLength} characters`);
  if (String(schema.default ?? "") !== "") said.push(`default ${JSON.stringify(schema.default)}`);
  return said;
}

function parameters(description, list) {
  const rows = element("dl");
  for (const one of list) {
    const schema = description.resolved(one.schema);
    const plain = description.type(schema.type === "array" ? schema.items : schema);
    const type = [plain, ...bounds(schema)].join(", ");
    const text = one.description ?? schema.description ?? "";
    rows.append(element("dt", { textContent: one.name }));
    rows.append(element("dd", {}, element("span", { className: "type", textContent: type }), " ", ...prose(text)));
  }
  return rows;
}

function fields(description, schema) {
  const rows = element("dl");
  for (const [name, one] of Object.entries(schema.properties)) {
    const inner = description.inner(one);
    const type = element("span", { className: "type", textContent: description.type(one) });
    rows.append(element("dt", { textContent: name }), element("dd", {}, type));
    if (inner) rows.lastChild.append(fields(description, inner));
  }
  return rows;
}

function answer(description, status, response) {
  const schema = description.inner(response.content?.["application/json"]?.schema);
  const words = status === "200" ? "Answer" : `${status} ${response.description}`;
  const drawn = element("details", { open: status === "200" }, element("summary", { textContent: words }));
  if (schema) drawn.append(fields(description, schema));
  return drawn;
}

function operation(description, method, path, told) {
  const title = element("h2", {}, element("span", { className: "method", textContent: method.toUpperCase() }), path);
  const drawn = element("section", { className: "operation" }, title);
  drawn.append(element("p", {}, ...prose(told.description ?? told.summary)));
  if (told.parameters?.length) {
    drawn.append(element("h3", { textContent: "Parameters" }), parameters(description, told.parameters));
  }
  for (const [status, response] of Object.entries(told.responses)) {
    drawn.append(answer(description, status, response));
  }
  return drawn;
}

async function draw() {
  const response = await fetch(target.dataset.description);
  const description = new Description(await response.json());
  for (const [path, methods] of Object.entries(description.paths)) {
    for (const [method, told] of Object.entries(methods)) {
      target.append(operation(description, method, path, told));
    }
  }
}

draw().catch(() => {
  target.textContent = "The description could not be loaded; try again in a moment.";
});
