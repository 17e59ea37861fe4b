/** One intent: what it is called, and the ways of saying it. */
import { App, Button, Input, Popconfirm } from 'antd'
import { GitBranch, Trash2 } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router-dom'
import { languages } from '../../i18n'
import { useLanguage } from '../../lib/hooks'
import { useUnderstood } from '../context'
import type { Intent, WorkIntent } from '../edits'
import { mix } from '../lines'
import { shareValues } from '../share'
import { Lines } from './Lines'

export function Editor({ intent }: { intent: WorkIntent }) {
  const { t } = useTranslation()
  const language = useLanguage()
  const go = useNavigate()
  const { message } = App.useApp()
  const { intents, admin, nameOf, accuracyOf } = useUnderstood()
  const { name, label, examples, origin } = intent
  const served = intents.draft?.intents.find((one) => one.name === name)
  const isCopy = served?.origin === 'flow' && origin === 'own'
  const accuracy = accuracyOf(name)
  const set = (change: Partial<Intent>) => intents.setIntent(name, { name, label, examples, ...change })
  const remove = () => {
    intents.setIntent(name, served?.origin === 'flow' ? { name, label: served.label ?? {}, examples: served.examples ?? [] } : null)
    void message.info(t('understanding.removed_unsaved', { intent: nameOf(name) }))
    if (served?.origin !== 'flow') void go('/understanding/intents')
  }
  return (
    <>
      <header className="u-head">
        <div className="u-head-row">
          <h2 className="clip">{nameOf(name)}</h2>
          <code className="muted clip">{name}</code>
          <span className="spread" />
          {admin && origin === 'own' && (
            <Popconfirm
              title={t(isCopy ? 'understanding.undo_copy_sure' : 'understanding.remove_sure')}
              okText={t(isCopy ? 'understanding.undo_copy' : 'understanding.remove')}
              onConfirm={remove}
            >
              <Button size="small" type="text" danger icon={<Trash2 size={14} />}>
                {t(isCopy ? 'understanding.undo_copy' : 'understanding.remove')}
              </Button>
            </Popconfirm>
          )}
        </div>
        <p className="muted u-facts">
          <span>{t('understanding.examples', { count: examples.length })}</span>
          {mix(examples).map(([spoken, n]) => (
            <span key={spoken} className="num">{`${t(`spoken.${spoken}`)} ${n}`}</span>
          ))}
          {accuracy && <span>{t('understanding.share', shareValues(accuracy, language))}</span>}
        </p>
        {(origin === 'flow' || isCopy) && (
          <p className="u-note">
            <GitBranch size={14} aria-hidden />
            {t(isCopy ? 'understanding.is_copy' : admin ? 'understanding.will_copy' : 'understanding.origin_flow_help')}
          </p>
        )}
        <div className="u-labels">
          {languages.map((code) => (
            <Input
              key={code}
              size="small"
              lang={code}
              prefix={<span className="muted u-label-lang">{t(`spoken.${code}`)}</span>}
              aria-label={t('understanding.label_in', { language: t(`spoken.${code}`) })}
              title={t('understanding.label_help')}
              placeholder={t('understanding.label')}
              readOnly={!admin}
              maxLength={80}
              value={label[code] ?? ''}
              onChange={(event) => {
                const next = { ...label, [code]: event.target.value }
                if (event.target.value === '') delete next[code]
                set({ label: next })
              }}
            />
          ))}
        </div>
      </header>
      <Lines own={name} lines={examples} change={(lines) => set({ examples: lines })} />
    </>
  )
}
