/** An address that leads nowhere. */
import { Compass } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router-dom'
import { Empty } from '../components/Bits'
import { useTitle } from '../lib/hooks'

export default function Missing() {
  const { t } = useTranslation()
  useTitle(t('missing.title'))
  return (
    <section className="panel">
      <Empty icon={<Compass size={20} />} title={t('missing.title')}>
        <Link to="/live">{t('missing.go')}</Link>
      </Empty>
    </section>
  )
}
