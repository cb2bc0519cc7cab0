// Where the page is: everything is in the part of the URL behind #, so that a URL can be sent to a colleague.
//
//   #/                              overview
//   #/destinations/pacs             overview with this one opened
//   #/errors                        error queue by groups
//   #/errors?destination=…&class=…  a group's items
//   #/studies?state=…&…             studies that have such items
//   #/items?state=…&…               items
//   #/items/17                      an item
//   #/journal?range=…&destination=… what happened
//   #/deliveries?number=…&from=…   what was sent, for years
//   #/retention?show=…              what is deleted from Orthanc, or would be, and what stays
//   #/search?q=…                    what fits; with choose=yes, one result is not opened by itself
//   #/studies/ID                    what went where; also #/series/, #/instances/, #/patients/; by Orthanc ID or UID

/** { view, id, query }: `query` as an object of texts. */
export function parse(hash) {
  const [path, search = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  const [noun = "", id = ""] = path.split("/").map(decode);
  const query = Object.fromEntries(new URLSearchParams(search));
  if (noun === "") return { view: "overview", id: "", query };
  if (noun === "destinations") return { view: "overview", id, query };
  if (noun === "items" && id) return { view: "item", id, query };
  if (noun === "studies" && !id) return { view: "studies", id: "", query };
  if (["studies", "series", "instances", "patients"].includes(noun)) return { view: "resource", level: noun, id, query };
  if (["errors", "items", "journal", "deliveries", "retention", "search"].includes(noun)) return { view: noun, id: "", query };
  return { view: "nothing", id: "", query };
}

/** The URL of a view with these arguments; empty ones are left out. */
export function link(path, query) {
  const given = Object.entries(query || {}).filter(([, value]) => value !== undefined && value !== null && value !== "");
  const search = given.length ? `?${new URLSearchParams(given)}` : "";
  return `#/${path.map(encodeURIComponent).join("/")}${search}`;
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Makes this the URL without going there: what is shown is the same view, a little differently. */
export function stay(path, query) {
  history.replaceState(null, "", link(path, query));
}
