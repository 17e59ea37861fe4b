//! Links the flite libraries (Debian: `libflite1`/`flite1-dev`) that `voice::flite` calls.

use std::path::Path;

/// Order matters to the linker when the archives are static: voices first, then what they use.
const LIBRARIES: [&str; 8] = [
    "flite_cmu_us_rms",
    "flite_cmu_us_slt",
    "flite_cmu_us_awb",
    "flite_cmu_us_kal16",
    "flite_cmu_us_kal",
    "flite_usenglish",
    "flite_cmulex",
    "flite",
];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=FLITE_LIB_DIR");
    if let Some(folder) = std::env::var_os("FLITE_LIB_DIR") {
        println!("cargo:rustc-link-search=native={}", Path::new(&folder).display());
    } else if !Path::new("/usr/include/flite/flite.h").exists()
        && !Path::new("/usr/local/include/flite/flite.h").exists()
    {
        println!(
            "cargo:warning=flite's headers were not found; if linking fails, install flite1-dev (Debian, Ubuntu) or set FLITE_LIB_DIR"
        );
    }
    for library in LIBRARIES {
        println!("cargo:rustc-link-lib=dylib={library}");
    }
}
