/** Takes what an agent wrote of a call to its ticket, as soon as there is one, and again until it has arrived. */
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { http, take } from '../../api/client'
import { me as meQuery, queries, ticket as ticketQuery } from '../../api/queries'
import { useCall } from '../../call/useCall'
import { forget, notesOf, useWrapUps, type WrapUp } from '../wrapUps'

const AGAIN_MS = 15_000

function Delivery({ wrapUp }: { wrapUp: WrapUp }) {
  const { t } = useTranslation()
  const { call } = useCall(wrapUp.call)
  const ticket = call?.ticket?.id
  const over = call?.state === 'ended'
  const { done } = wrapUp
  const busy = useRef(false)
  useEffect(() => {
    if (!done || (ticket === undefined && !over)) return
    const deliver = async () => {
      if (busy.current) return
      busy.current = true
      try {
        if (ticket === undefined) return forget(wrapUp.call)
        const path = { id: ticket }
        const before = await take(http.GET('/api/v1/tickets/{id}', { params: { path } }))
        const me = queries.getQueryData(meQuery.queryKey)
        const reason = done.reason === '' ? '' : t('desk.reason_note', { reason: done.reason })
        const text = [reason, notesOf(wrapUp.call).trim()].filter((part) => part !== '').join('\n')
        // What is there already has arrived at an earlier try.
        if (text !== '' && !before.notes.some((note) => note.text === text && note.by.id === me?.id)) {
          await take(http.POST('/api/v1/tickets/{id}/notes', { params: { path }, body: { text } }))
        }
        const body = {
          ...(before.status === done.status ? {} : { status: done.status }),
          ...(before.assignee === null && me ? { assignee: me.id } : {}),
        }
        const after = Object.keys(body).length === 0 ? undefined : await take(http.PATCH('/api/v1/tickets/{id}', { params: { path }, body }))
        if (after) queries.setQueryData(ticketQuery(ticket).queryKey, after)
        else void queries.invalidateQueries({ queryKey: ticketQuery(ticket).queryKey })
        void queries.invalidateQueries({ queryKey: ['tickets'] })
        forget(wrapUp.call)
      } catch {
        // It is tried again; nothing is lost meanwhile.
      } finally {
        busy.current = false
      }
    }
    void deliver()
    const again = setInterval(() => void deliver(), AGAIN_MS)
    return () => clearInterval(again)
  }, [done, ticket, over, wrapUp.call, t])
  return null
}

export function Deliveries() {
  return useWrapUps()
    .filter(({ done }) => done)
    .map((wrapUp) => <Delivery key={wrapUp.call} wrapUp={wrapUp} />)
}
