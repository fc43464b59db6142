//! The access token in `Authorization` (RFC 6750, 2.1), in one form only (ASVS 15.3.7).

use actix_web::http::header::{AUTHORIZATION, HeaderMap};

use crate::problem::Problem;

/// More than the 7 KiB of the longest access token that this service issues.
const MAX: usize = 8 * 1024;

/// The token, if there is one. Two headers, two tokens, or what is no token at all are refused.
pub(crate) fn bearer_token(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut lines = headers.get_all(AUTHORIZATION);
    let Some(line) = lines.next() else { return Ok(None) };
    if lines.next().is_some() {
        return Err(Problem::invalid_token());
    }
    // Much faster than `to_str`, which looks at each octet; what is no octet of a token is refused below.
    let text = str::from_utf8(line.as_bytes()).map_err(|_not_text| Problem::invalid_token())?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Problem::authentication_required());
    }
    if token.is_empty() || token.len() > MAX || !token.bytes().all(|octet| TOKEN_OCTETS[usize::from(octet)]) {
        return Err(Problem::invalid_token());
    }
    Ok(Some(token))
}

/// Those of RFC 6750, 2.1 (`b64token`), by octet.
static TOKEN_OCTETS: [bool; 256] = {
    let mut octets = [false; 256];
    let mut octet = 0_u8;
    while octet < 128 {
        octets[octet as usize] =
            octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=');
        octet += 1;
    }
    octets
};

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn read(lines: &[&str]) -> Result<Option<String>, &'static str> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(AUTHORIZATION, HeaderValue::from_str(line).unwrap());
        }
        bearer_token(&headers).map(|token| token.map(ToOwned::to_owned)).map_err(|problem| problem.code)
    }

    #[test]
    fn the_scheme_is_read_in_any_case() {
        for scheme in ["Bearer", "bearer", "BEARER"] {
            assert_eq!(read(&[&format!("{scheme} a.b-c_d")]), Ok(Some("a.b-c_d".to_owned())));
        }
        assert_eq!(read(&[]), Ok(None));
    }

    #[test]
    fn everything_else_is_refused() {
        let long = format!("Bearer {}", "a".repeat(9_000));
        for bad in
            ["Bearer", "Bearer ", "Bearer  x", "Bearer x ,", "Bearer x,Bearer y", "Bearer x y", "Bearer ü", &long]
        {
            assert_eq!(read(&[bad]), Err("invalid_token"), "{bad}");
        }
        assert_eq!(read(&["Bearer x", "Bearer x"]), Err("invalid_token"));
        assert_eq!(read(&["Basic dTpw"]), Err("authentication_required"));
    }
}
