//! Sealing: the operator's master key, the key of each person, and authenticated encryption with them (AES-256-GCM).
//! Destroying a person's key is how a person is erased, so that key exists only wrapped, in the person's row. What is
//! sealed where, and bound to what, is decided by whoever calls [`PersonKey::seal`].

use std::{
    fmt, fs, io,
    io::{Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use ring::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf, hmac,
    rand::{SecureRandom, SystemRandom},
};

use super::error::StoreError;

/// First byte of everything sealed, so that another algorithm can follow one day.
const VERSION: u8 = 1;
/// What sealing adds: version, nonce and tag.
pub(super) const OVERHEAD: usize = 1 + NONCE_LEN + 16;
/// A random 96-bit nonce is safe for 2³² uses of a key: more seconds than anybody telephones.
const _: () = assert!(NONCE_LEN == 12);

/// The operator's key. Everything personal can be read with it and nothing without it, so it lives in a file of its own
/// that is backed up apart from the data.
#[derive(Clone)]
pub struct MasterKey {
    /// Wraps the keys of persons.
    wrap: LessSafeKey,
    /// Seals what belongs to no caller: the digests of agents' phones.
    staff: LessSafeKey,
    /// Makes the blind index by which a caller's number finds their person.
    lookup: hmac::Key,
    /// Tells whether a database belongs to this key.
    check: hmac::Key,
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

impl MasterKey {
    /// Reads the key from a file of 64 hexadecimal digits, or makes one at the first use, readable by its owner only.
    pub fn load_or_create(path: &Path) -> Result<Self, StoreError> {
        match fs::File::open(path) {
            Ok(file) => Self::load(path, file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::create(path),
            Err(error) => Err(StoreError::reading(path, error)),
        }
    }

    /// The key made of these bytes; for keys that are kept elsewhere than in a file.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        // Four keys from one, so that no use of one tells anything about another (RFC 5869).
        let root = hkdf::Salt::new(hkdf::HKDF_SHA256, b"hotline master key").extract(&bytes);
        Self {
            wrap: LessSafeKey::new(derive(&root, b"wrap", &AES_256_GCM)),
            staff: LessSafeKey::new(derive(&root, b"staff", &AES_256_GCM)),
            lookup: derive(&root, b"lookup", hmac::HMAC_SHA256),
            check: derive(&root, b"check", hmac::HMAC_SHA256),
        }
    }

    fn load(path: &Path, mut file: fs::File) -> Result<Self, StoreError> {
        let mode = file.metadata().map_err(|e| StoreError::reading(path, e))?.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(StoreError::KeyExposed { path: path.into(), mode });
        }
        let unusable = || StoreError::KeyUnusable { path: path.into() };
        let mut text = Vec::new();
        // A key file is 65 bytes; whatever is much longer is something else.
        Read::by_ref(&mut file).take(256).read_to_end(&mut text).map_err(|e| StoreError::reading(path, e))?;
        let bytes = unhex(text.trim_ascii()).ok_or_else(unusable)?;
        Ok(Self::from_bytes(bytes.try_into().map_err(|_| unusable())?))
    }

    fn create(path: &Path) -> Result<Self, StoreError> {
        let failed = |error| StoreError::writing(path, error);
        let bytes: [u8; 32] = random();
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        // Written aside and then linked into place: a crash leaves no half key, and of two processes that start at
        // once one wins and both use its key.
        let aside = path.with_extension(format!("{}.new", std::process::id()));
        let written = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&aside)
            .and_then(|mut file| {
                writeln!(file, "{}", hex(&bytes))?;
                file.sync_all()
            })
            .and_then(|()| fs::hard_link(&aside, path));
        // Best effort: a leftover holds a key that nothing is sealed with.
        let _ = fs::remove_file(&aside);
        match written {
            Ok(()) => Ok(Self::from_bytes(bytes)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Self::load(path, fs::File::open(path).map_err(|e| StoreError::reading(path, e))?)
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// What the database keeps to recognise this key by.
    pub(super) fn check_value(&self, tenant: &[u8]) -> Vec<u8> {
        hmac::sign(&self.check, tenant).as_ref().to_vec()
    }

    /// Whether a database that kept `value` belongs to this key.
    pub(super) fn checks(&self, tenant: &[u8], value: &[u8]) -> bool {
        hmac::verify(&self.check, tenant, value).is_ok()
    }

    /// The blind index of a caller's number: equal for equal numbers of one tenant, and telling nothing else.
    pub(super) fn lookup(&self, tenant: &[u8], number: &str) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.lookup);
        context.update(tenant);
        context.update(number.as_bytes());
        context.sign().as_ref().to_vec()
    }

    /// A new person's key, with its wrapped form to be stored.
    pub(super) fn new_person_key(&self, aad: &[u8]) -> (PersonKey, Vec<u8>) {
        let bytes: [u8; 32] = random();
        (PersonKey::from_bytes(&bytes), seal(&self.wrap, aad, &bytes))
    }

    /// The person's key in a stored wrapped form.
    pub(super) fn unwrap_person_key(&self, aad: &[u8], wrapped: &[u8]) -> Result<PersonKey, StoreError> {
        let bytes = open(&self.wrap, aad, wrapped).ok_or_else(|| StoreError::damaged("a person's key"))?;
        Ok(PersonKey::from_bytes(&bytes))
    }

    /// Seals what belongs to no caller.
    pub(super) fn seal_staff(&self, aad: &[u8], plain: &[u8]) -> Vec<u8> {
        seal(&self.staff, aad, plain)
    }

    /// Opens what [`seal_staff`](Self::seal_staff) sealed.
    pub(super) fn open_staff(&self, aad: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        open(&self.staff, aad, sealed)
    }
}

/// The key of one person; lives in memory only as long as it is used.
#[derive(Clone)]
pub(super) struct PersonKey(LessSafeKey);

impl PersonKey {
    fn from_bytes(bytes: &[u8]) -> Self {
        Self(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, bytes).expect("a wrapped key is always 32 bytes long")))
    }

    /// Seals `plain`; it opens only with the same key and the same `aad`.
    pub(super) fn seal(&self, aad: &[u8], plain: &[u8]) -> Vec<u8> {
        seal(&self.0, aad, plain)
    }

    /// Opens what was sealed; `None` when it was altered, or sealed with another key or for another place.
    pub(super) fn open(&self, aad: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        open(&self.0, aad, sealed)
    }
}

/// Random bytes from the operating system.
pub(super) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).expect("the operating system gives random bytes once it has started");
    bytes
}

/// Bytes as lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing into a String cannot fail");
        text
    })
}

pub(super) fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |c: u8| (c as char).to_digit(16);
    text.chunks(2)
        .map(|pair| match pair {
            [high, low] => Some((digit(*high)? * 16 + digit(*low)?) as u8),
            _ => None,
        })
        .collect()
}

fn derive<L: hkdf::KeyType, K: for<'a> From<hkdf::Okm<'a, L>>>(root: &hkdf::Prk, name: &[u8], length: L) -> K {
    K::from(root.expand(&[name], length).expect("a derived key is far shorter than 255 hashes"))
}

fn seal(key: &LessSafeKey, aad: &[u8], plain: &[u8]) -> Vec<u8> {
    let nonce: [u8; NONCE_LEN] = random();
    let mut sealed = Vec::with_capacity(plain.len() + OVERHEAD);
    sealed.push(VERSION);
    sealed.extend_from_slice(&nonce);
    let mut body = plain.to_vec();
    let tag = key
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut body)
        .expect("AES-GCM seals up to 64 GiB and nothing here comes near");
    sealed.append(&mut body);
    sealed.extend_from_slice(tag.as_ref());
    sealed
}

fn open(key: &LessSafeKey, aad: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let (version, rest) = sealed.split_first()?;
    if *version != VERSION {
        return None;
    }
    let (nonce, body) = rest.split_at_checked(NONCE_LEN)?;
    let mut body = body.to_vec();
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let length = key.open_in_place(nonce, Aad::from(aad), &mut body).ok()?.len();
    body.truncate(length);
    Some(body)
}
