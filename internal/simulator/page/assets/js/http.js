// Requests to the page's own origin. A failure is an Error with a sentence, and the answer's body. The
// status of a failure is in a header, see quiet.go: a refusal is no error of this page.

/** ask sends a request and returns the answer, read as JSON. */
export async function ask(method, path, { body, headers = {}, signal } = {}) {
  const json = body !== undefined && !(body instanceof Blob) && !(body instanceof FormData);
  let response;
  try {
    response = await fetch(path, {
      method,
      signal,
      body: json ? JSON.stringify(body) : body,
      headers: { "Guichet-Page": "1", ...(json && { "Content-Type": "application/json" }), ...headers },
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The process behind this page does not answer.");
  }
  const answer = await response.json().catch(() => null);
  const status = Number(response.headers.get("Guichet-Status") ?? response.status);
  if (status < 400) return answer;
  const sentence = typeof answer?.error === "string" ? answer.error : answer?.error?.message;
  throw Object.assign(new Error(sentence ?? `The answer was ${status}.`), { status, answer });
}
