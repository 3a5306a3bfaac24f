//! What a format's lines prove, and what their stamps mark.

use crate::event::closed_list;

closed_list! {
    /// What a line of a format proves.
    Witness {
        /// An access line counts one request.
        Request = "request",
        /// An error line explains one, or a condition around several.
        Diagnosis = "diagnosis",
    }
}

closed_list! {
    /// The moment that a stamp marks.
    Marks {
        /// The end of the request.
        End = "end",
        /// Its start.
        Start = "start",
        /// Its end or its start: the log does not say.
        Either = "either",
        /// The event itself.
        Event = "event",
    }
}
