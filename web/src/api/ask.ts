/** A request whose answer the caller of this function checks; failures are those of every other request. */
import { take } from './client'

export async function ask(method: string, path: string, body?: unknown): Promise<unknown> {
  const request = fetch(`/api/v1${path}`, {
    method,
    credentials: 'same-origin',
    headers: { 'x-hotline': '1', 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  return take(
    request.then(async (response) => {
      const read: unknown = await response.json().catch(() => undefined)
      return response.ok ? { data: read, response } : { error: read, response }
    }),
  )
}
