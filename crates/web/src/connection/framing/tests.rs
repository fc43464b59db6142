use super::*;

/// What goes on of these octets, handed over in pieces of this size, and why no more does. Each request says of its body
/// what is next in the list.
fn passed(text: &str, piece: usize, lengths: &[BodyLength]) -> (String, Option<Refused>) {
    let (mut framing, mut lengths, mut passed) = (Framing::new(), lengths.iter(), Vec::new());
    for octets in text.as_bytes().chunks(piece) {
        let mut rest = octets;
        while !rest.is_empty() {
            if framing.is_unknown() {
                framing.follow(*lengths.next().unwrap());
            }
            let count = framing.pass(rest);
            passed.extend_from_slice(&rest[..count]);
            rest = &rest[count..];
            if let Some(refused) = framing.refused() {
                assert_eq!((framing.pass(b"GET"), framing.refused()), (0, Some(Refused::Rest)));
                return (String::from_utf8(passed).unwrap(), Some(refused));
            }
        }
    }
    (String::from_utf8(passed).unwrap(), None)
}

const PIECES: [usize; 5] = [1, 2, 3, 7, 4096];

#[test]
fn whole_requests_pass_in_pieces_of_any_size_and_bodies_are_not_looked_at() {
    let chunks = "5\r\n\n\n\r\n\n\r\n0a;x=\"y\"\r\n\r\n\r\n0123\n\n\r\n0000 \r\nT: x\r\n\r\n";
    let text = format!(
        "\r\n\r\nPOST /a HTTP/1.1\r\nA: b\r\n\r\n\n\r\n\n1GET /b HTTP/1.1\r\n\r\nPOST /c HTTP/1.1\r\n\r\n{chunks}\r\nGET /d HTTP/1.1\r\n\r\n"
    );
    let lengths = [BodyLength::Octets(5), BodyLength::Octets(0), BodyLength::Chunks, BodyLength::Octets(0)];
    for piece in PIECES {
        assert_eq!(passed(&text, piece, &lengths), (text.clone(), None), "{piece}");
    }
}

#[test]
fn a_head_and_a_body_go_on_up_to_their_end_and_no_further() {
    let mut framing = Framing::new();
    assert!(framing.is_before_request());
    assert_eq!(framing.pass(b"GET / HTTP/1.1\r\n\r\nGET"), 18);
    assert!(framing.is_unknown() && !framing.is_before_request());
    assert_eq!(framing.pass(b"GET"), 0);
    framing.follow(BodyLength::Octets(2));
    assert_eq!(framing.pass(b"\n\nGET"), 2);
    assert!(framing.is_before_request());
}

#[test]
fn a_bare_lf_in_a_head_ends_it() {
    let before = "GET /a HTTP/1.1\r\n\r\n";
    for head in ["\n", "\r\n\n", "GET /\n", "GET / HTTP/1.1\n", "GET / HTTP/1.1\r\nA: b\n", "GET / HTTP/1.1\r\n\n"] {
        for piece in PIECES {
            let (passed, refused) = passed(&format!("{before}{head}C: d\r\n\r\n"), piece, &[BodyLength::Octets(0)]);
            assert_eq!(
                (passed, refused),
                (format!("{before}{}", &head[..head.len() - 1]), Some(Refused::Head)),
                "{head:?}"
            );
        }
    }
}

#[test]
fn what_is_not_a_chunk_is_refused() {
    let long = "y".repeat(AROUND_CHUNKS);
    for chunks in [
        "\r\n",
        ";x\r\n",
        "+2\r\n",
        "0x2\r\n",
        "-2\r\n",
        " 2\r\n",
        "2\n",
        "2;x\n",
        "10000000000000000\r\n",
        "2\r\nabc\r\n",
        "2\r\nab\n",
        "2\r\nabc",
        "2\r\nab\r\r\n",
        "0\r\n\n",
        "0\r\nT: x\n",
        &format!("2;{long}"),
        &format!("0\r\nT: {long}"),
        &format!("0\r\n{}", "T: x\r\n".repeat(AROUND_CHUNKS / 6 + 1)),
    ] {
        for piece in PIECES {
            let text = format!("POST / HTTP/1.1\r\n\r\n{chunks}");
            let (_, refused) = passed(&text, piece, &[BodyLength::Chunks]);
            assert_eq!(refused, Some(Refused::Body), "{chunks:?}");
        }
    }
}

#[test]
fn a_body_of_many_chunks_with_extensions_passes() {
    let longest = format!("2;{}\r\n", "y".repeat(AROUND_CHUNKS - 6));
    let chunks = format!("{}{longest}ab\r\n0\r\n\r\n", "1;x=yyyyyyyyyyyyyyyy\r\nz\r\n".repeat(AROUND_CHUNKS));
    let text = format!("POST / HTTP/1.1\r\n\r\n{chunks}");
    for piece in PIECES {
        assert!(passed(&text, piece, &[BodyLength::Chunks]) == (text.clone(), None), "{piece}");
    }
}
