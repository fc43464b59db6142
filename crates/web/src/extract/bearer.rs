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
    let text = line.to_str().map_err(|_not_text| Problem::invalid_token())?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Problem::authentication_required());
    }
    if token.is_empty() || token.len() > MAX || !token.bytes().all(is_token_octet) {
        return Err(Problem::invalid_token());
    }
    Ok(Some(token))
}

const fn is_token_octet(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=')
}

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
