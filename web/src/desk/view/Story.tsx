/** What one has to know before "Good morning": what they want, what they told, what was tried, their last words. */
import { useTranslation } from 'react-i18next'
import type { Entry } from '../../api/types'
import { transcript } from '../../call/transcript'
import { Intent } from '../../components/Bits'
import { Happened } from '../../components/Happened'
import { clock, words } from '../../lib/format'
import { storyOf } from '../story'

const LAST_WORDS = 4

export function StoryCard({ entries, offered }: { entries: readonly Entry[]; offered: boolean }) {
  const { t } = useTranslation()
  const story = storyOf(entries)
  const said = offered ? transcript(entries).filter((line) => line.type === 'spoken').slice(-LAST_WORDS) : []
  if (story.direct) return <p className="muted desk-pad">{t('desk.direct')}</p>
  return (
    <div className="story">
      <dl className="story-facts">
        <div className="story-wants">
          <dt>{t('desk.wants')}</dt>
          <dd>{story.intent ? <Intent name={story.intent.name} confidence={story.intent.confidence} /> : <span className="muted">{t('desk.wants_unknown')}</span>}</dd>
        </div>
        {story.slots.map(({ name, value }) => (
          <div key={name}>
            <dt>{words(name)}</dt>
            <dd className="strong num story-slot">{value}</dd>
          </div>
        ))}
        {story.waited_ms !== undefined && (
          <div>
            <dt>{t('state.queued')}</dt>
            <dd className="num">{clock(story.waited_ms)}</dd>
          </div>
        )}
      </dl>
      {story.brief !== '' && (
        <section>
          <h3>{t('desk.brief')}</h3>
          <p className="story-brief">{story.brief}</p>
        </section>
      )}
      {said.length > 0 && (
        <section>
          <h3>{t('desk.last_words')}</h3>
          <ol className="story-words">
            {said.map((line) => (
              <li key={line.key} className={`said voice-${line.voice}`}>
                <b>{t(`voice.${line.voice}`)}</b>
                <span>{line.text}</span>
              </li>
            ))}
          </ol>
        </section>
      )}
      {story.tried.length > 0 && (
        <section>
          <h3>{t('desk.tried')}</h3>
          <ul className="story-tried">
            {story.tried.map((entry) => (
              <li key={entry.seq}>
                <Happened entry={entry} />
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  )
}
