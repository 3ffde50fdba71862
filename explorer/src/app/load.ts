// The page's data: inline in an exported page, beside it on a server.

/** The data called `name`: the element `<name>-data`, else the file `<name>.json`. */
export async function data<T>(name: string): Promise<T> {
  const inline = document.getElementById(`${name}-data`);
  if (inline) return JSON.parse(inline.textContent ?? "") as T;
  const answer = await fetch(`${name}.json`);
  if (!answer.ok) throw new Error(`${name}.json: ${answer.status}`);
  return (await answer.json()) as T;
}
