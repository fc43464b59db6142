//! Networks in CIDR notation (RFC 4632).

use std::fmt;
use std::net::IpAddr;

/// A network of proxies whose forwarding headers count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TrustedNetwork {
    /// The address that the network starts with.
    pub address: IpAddr,
    /// How many bits of it count.
    pub prefix: u8,
}

impl TrustedNetwork {
    /// Reads `address/prefix`, or an address alone. Bits outside the prefix are refused: they are a slip.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let complaint = || "is a list of networks such as 10.0.0.0/8, fd00::/8 or 192.0.2.7".to_owned();
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.parse().map_err(|_malformed| complaint())?;
        let (bits, width): (u128, u8) = match address {
            IpAddr::V4(ip) => (u128::from(ip.to_bits()), 32),
            IpAddr::V6(ip) => (ip.to_bits(), 128),
        };
        let prefix = prefix.map_or(Ok(width), |prefix| prefix.parse().map_err(|_malformed| complaint()))?;
        let host_bits = u32::from(width.checked_sub(prefix).ok_or_else(complaint)?);
        if prefix == 0 {
            return Err("trusts every address there is; name the proxies' own networks".to_owned());
        }
        if bits.trailing_zeros() < host_bits && bits != 0 {
            return Err(format!("names an address inside a network; write the network itself, /{prefix} of it"));
        }
        Ok(Self { address, prefix })
    }
}

impl fmt::Display for TrustedNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_and_single_addresses_are_read() {
        let read = |text| TrustedNetwork::parse(text).unwrap().to_string();
        assert_eq!(read("10.0.0.0/8"), "10.0.0.0/8");
        assert_eq!(read("192.0.2.7"), "192.0.2.7/32");
        assert_eq!(read("fd00::/8"), "fd00::/8");
        assert_eq!(read("::1"), "::1/128");
    }

    #[test]
    fn slips_are_refused() {
        for text in ["", "10.0.0.0/33", "10.0.0.1/8", "::/0", "0.0.0.0/0", "10.0.0.0/x", "10.0/8", "proxy", "fd00::1/8"]
        {
            assert!(TrustedNetwork::parse(text).is_err(), "{text:?}");
        }
    }
}
